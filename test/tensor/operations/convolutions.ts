import { zeros } from '../../../src/tensor/creation.ts';
import { convCall, convTransposeCall } from '../convolutions.ts';
import { ordinary } from '../domains.ts';
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
  maxPoolWithArgmax: {
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
  resize: {
    arguments: (d) => {
      const axes = d.pick([2, 1, 3]);
      const sizes = () => Array.from({ length: axes }, () => d.integer(1, axes === 3 ? 2 : 4));
      const x = d.number([d.integer(0, 2), ...sizes(), d.integer(0, 2)], ordinary);
      const options = d.pick([
        undefined,
        { method: 'nearest' },
        { antialias: true },
        { alignment: 'corners' },
        { method: 'nearest', alignment: 'corners' },
        { alignment: 'asymmetric' },
        { method: 'nearest', alignment: 'asymmetric' },
      ]);
      const size = d.oneIn(4) ? d.integer(1, 4) : sizes();
      return options === undefined ? [x, size] : [x, size, options];
    },
    differentiable: true,
    absolute: 1e-6,
    invalid: [
      invalid([zeros([3, 4]), 2], '[3, 4]', '[N, ...spatial, C]'),
      invalid([zeros([1, 0, 2, 1]), 2], '[1, 0, 2, 1]', 'from 1 up'),
      invalid([image, [2]], 'size [2]', '[1, 5, 4, 2]', '2 whole numbers'),
      invalid([image, 0], 'size [0, 0]', 'from 1 up'),
      invalid([image, [1e10, 1]], '[1, 10000000000, 1, 2]', 'too large'),
      invalid([image, 2, { method: 'cubic' }], "'cubic'", "'bilinear' or 'nearest'"),
      invalid([image, 2, { alignment: 'center' }], "'center'", "'halfPixel', 'corners' or 'asymmetric'"),
      invalid([image, 2, { method: 'nearest', antialias: true }], "'nearest'", "wanted 'bilinear'"),
    ],
    gpu: 'sum',
    method: false,
  },
  localResponseNorm: {
    arguments: (d) => {
      const x = d.number(d.shape(1), ordinary);
      const options = d.pick([undefined, { alpha: 0.5 }, { alpha: 1, beta: 0.5, k: 2 }]);
      const size = d.integer(1, 6);
      return options === undefined ? [x, size] : [x, size, options];
    },
    differentiable: true,
    absolute: 1e-6,
    invalid: [
      invalid([zeros([]), 3], '[]', '[..., channels]'),
      invalid([image, 0], 'size 0', 'from 1 up'),
      invalid([image, 3, { alpha: Number.NaN }], 'alpha NaN', 'finite'),
    ],
    gpu: 'intrinsic',
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
