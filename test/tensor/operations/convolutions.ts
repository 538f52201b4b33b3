import { zeros } from '../../../src/tensor/creation.ts';
import { convCall, convTransposeCall } from '../convolutions.ts';
import { avgPoolCall, maxPoolCall } from '../poolings.ts';
import { image, invalid, invalidConvolutions, invalidPoolings, kernel } from './invalid-calls.ts';
import type { OperationRows } from './row.ts';

export const convolutions = {
  conv: {
    arguments: convCall,
    differentiable: true,
    absolute: 1e-5,
    invalid: [
      ...invalidConvolutions,
      invalid([image, zeros([3, 3, 4, 2])], '[3, 3, 4, 2]', '[1, 5, 4, 2]', 'wanted [...sizes, 2, F]'),
      invalid(
        [image, zeros([3, 3, 2, 4]), { groups: 2 }],
        '[3, 3, 2, 4]',
        'wanted [...sizes, 2 / 2 groups, F]',
      ),
      invalid([image, zeros([3, 3, 1, 3]), { groups: 2 }], '[3, 3, 1, 3]', 'F a multiple of 2'),
      invalid([image, zeros([3, 5, 2, 4])], 'spans 5', 'axis 2', '[1, 5, 4, 2]', 'has 4'),
      invalid([image, kernel, { dilation: [3, 1], padding: [[0, 1], 0] }], 'spans 7', 'axis 1', 'has 6'),
    ],
    gpu: 'sum',
    method: false,
  },
  convTranspose: {
    arguments: convTransposeCall,
    differentiable: true,
    absolute: 1e-5,
    invalid: [
      ...invalidConvolutions,
      invalid([image, zeros([3, 3, 2, 4])], '[3, 3, 2, 4]', '[1, 5, 4, 2]', 'wanted [...sizes, F, 2]'),
      invalid([image, zeros([3, 3, 2, 4]), { groups: 2 }], 'in 2 groups', 'wanted [...sizes, F / groups, 2]'),
      invalid([image, zeros([3, 3, 1, 2]), { groups: 3 }], '[1, 5, 4, 2]', 'in 3 groups', 'multiple of 3'),
      invalid([image, zeros([3, 3, 4, 2]), { outputPadding: 1 }], 'outputPadding 1', 'axis 1', 'stride 1'),
      invalid([image, zeros([3, 3, 4, 2]), { outputPadding: [0, -1] }], 'outputPadding [0,-1]', 'from 0 up'),
      invalid(
        [image, kernel, { outputPadding: 1, stride: 2, padding: 'same' }],
        'outputPadding [1, 1]',
        "'same'",
      ),
      invalid([image, zeros([1, 3, 4, 2]), { padding: 3 }], 'leaves nothing', '[-1, 0]', '[1, 5, 4, 2]'),
    ],
    gpu: 'sum',
    method: false,
  },
  maxPool: {
    arguments: maxPoolCall,
    differentiable: true,
    invalid: [
      ...invalidPoolings,
      invalid(
        [zeros([1, 1100, 1100, 1100, 1]), 1100],
        '[1100, 1100, 1100]',
        '31 bits',
        'one axis after the other',
      ),
    ],
    gpu: 'exact',
    method: false,
  },
  avgPool: {
    arguments: avgPoolCall,
    differentiable: true,
    absolute: 1e-6,
    invalid: invalidPoolings,
    gpu: 'sum',
    method: false,
  },
} satisfies OperationRows;
