"""Writes losses.json: losses and their gradients from PyTorch in double precision.

{ loss: [{ name, args: [predictions, targets], options, out, gradient }] }; `gradient` is that of sum(out)
with respect to the first argument. The weighted mean is sum(w * l) / sum(w), w = sampleWeight * classWeight.
"""

import numpy as np
import torch
import torch.nn.functional as F

from common import Inputs, f32, given, i32, u8, wanted, widen, write

inputs = Inputs(5)
cases = {}


def record(loss, name, predictions, targets, options, function):
    """function(predictions) gives [losses, weights] per element; the reduction is applied here."""
    leaf = torch.from_numpy(widen(predictions)).requires_grad_()
    losses, weights = function(leaf)
    reduction = options.get('reduction', 'mean')
    total = losses * weights
    if reduction == 'mean':
        out = total.sum() / torch.broadcast_to(weights, losses.shape).sum()
    else:
        out = total.sum() if reduction == 'sum' else total
    (grad,) = torch.autograd.grad(out.sum(), leaf)
    others = targets if isinstance(targets, list) else [targets]
    case = {'name': name, 'args': given([predictions, *others])}
    if options:
        case['options'] = given(options)
    cases.setdefault(loss, []).append(
        {**case, 'out': wanted(out.detach().numpy() + 0.0), 'gradient': wanted(grad.numpy() + 0.0)}
    )
    return out.detach()


def double(x):
    return torch.from_numpy(widen(x))


def cross_entropy(name, logits, labels, check=None, **options):
    classes = logits.shape[1]
    class_weights = (
        double(options['classWeights'])
        if 'classWeights' in options
        else torch.ones(classes, dtype=torch.float64)
    )
    sample_weights = (
        double(options['sampleWeights'])
        if 'sampleWeights' in options
        else torch.ones(len(logits), dtype=torch.float64)
    )
    y = F.one_hot(torch.from_numpy(labels).long(), classes).double() if labels.ndim == 1 else double(labels)
    smoothing = options.get('labelSmoothing', 0)
    of_class = (y * class_weights).sum(1)

    def function(x):
        weighted = F.cross_entropy(x, y, class_weights, label_smoothing=smoothing, reduction='none')
        # `weighted` holds the class weights already; record() multiplies by the weights. PyTorch's mean divides by the
        # class weights of class numbers only.
        if labels.ndim == 2:
            return weighted, sample_weights
        return weighted / of_class, of_class * sample_weights

    out = record('softmaxCrossEntropy', name, logits, labels, options, function)
    if 'sampleWeights' not in options:
        torch_out = F.cross_entropy(
            double(logits),
            torch.from_numpy(labels).long() if labels.ndim == 1 else y,
            class_weights,
            label_smoothing=smoothing,
            reduction=options.get('reduction', 'mean'),
        )
        assert torch.allclose(out, torch_out, rtol=1e-13), name
    return out


def softmax_cross_entropy():
    logits = inputs.normal(5, 4, scale=2)
    labels = i32([2, 0, 3, 3, 1])
    one_hot = np.eye(4, dtype=np.float32)[labels]
    soft = f32(
        [
            [0.625, 0.125, 0.125, 0.125],
            [0.25, 0.25, 0.25, 0.25],
            [0, 0.5, 0.5, 0],
            [0, 0, 0, 1],
            [0.125, 0.625, 0.125, 0.125],
        ]
    )
    class_weights, sample_weights = f32([0.5, 1, 2, 0.25]), f32([1, 0.5, 0, 2, 3])
    for kind, y in (('integer', labels), ('one-hot', one_hot), ('soft', soft)):
        add = lambda name, **options: cross_entropy(f'{kind} labels, {name}', logits, y, **options)
        add('defaults')
        add('sum', reduction='sum')
        add('none', reduction='none')
        add('label smoothing', labelSmoothing=0.1)
        add('class weights', classWeights=class_weights)
        add('class weights, sum', classWeights=class_weights, reduction='sum')
        add('class weights, none', classWeights=class_weights, reduction='none')
        add('sample weights', sampleWeights=sample_weights)
        add('sample weights, sum', sampleWeights=sample_weights, reduction='sum')
        add('sample weights, none', sampleWeights=sample_weights, reduction='none')
        add('everything', labelSmoothing=0.1, classWeights=class_weights, sampleWeights=sample_weights)
    large = f32([[1e4, 0, -1e4], [0, 1e4, 9999], [-1e4, 1e4, -1e4], [1e4, 1e4, 1e4]])
    cross_entropy('logits of 1e4', large, i32([0, 2, 0, 1]))
    cross_entropy('logits of 1e4, none', large, i32([0, 2, 0, 1]), reduction='none')
    cross_entropy('logits of 1e4, label smoothing', large, i32([0, 2, 0, 1]), labelSmoothing=0.1)
    cross_entropy('uint8 labels', logits, u8([2, 0, 3, 3, 1]))
    cross_entropy('one sample', inputs.normal(1, 10), i32([7]))
    cross_entropy('sure and right', f32([[20, 0], [0, 30]]), i32([0, 1]))


def elementwise(loss, name, predictions, targets, function, **options):
    weights = torch.ones((), dtype=torch.float64)
    if 'sampleWeights' in options:
        weights = double(options['sampleWeights'])
        weights = weights.reshape(weights.shape + (1,) * (predictions.ndim - weights.ndim))
    return record(
        loss, name, predictions, targets, options, lambda x: (function(x, double(targets)), weights)
    )


def reductions_and_weights(loss, predictions, targets, function, **more):
    """predictions of rank 2; a sample weight belongs to a row."""
    weights = f32([1, 0.5, 0, 2])
    add = lambda name, p=predictions, t=targets, **options: elementwise(
        loss, name, p, t, function, **more, **options
    )
    add('mean')
    add('sum', reduction='sum')
    add('none', reduction='none')
    add('sample weights', sampleWeights=weights)
    add('sample weights, sum', sampleWeights=weights, reduction='sum')
    add('sample weights, none', sampleWeights=weights, reduction='none')
    add('rank 1', predictions[:, 0], targets[:, 0])
    add('rank 1, sample weights', predictions[:, 0], targets[:, 0], sampleWeights=weights)
    add('rank 3', predictions.reshape(2, 2, 3), targets.reshape(2, 2, 3))


def binary_cross_entropy():
    loss, base = 'binaryCrossEntropy', F.binary_cross_entropy_with_logits
    none = lambda x, y: base(x, y, reduction='none')
    logits, targets = inputs.normal(4, 3, scale=2), f32(inputs.integers(0, 2, 4, 3))
    reductions_and_weights(loss, logits, targets, none)
    elementwise(loss, 'soft targets', logits, inputs.uniform(0, 1, 4, 3), none)
    for name, weight in (
        ('positive weight 3', 3),
        ('positive weight 0.5', 0.5),
        ('positive weight per class', f32([3, 0.5, 1])),
    ):
        function = lambda x, y: base(
            x, y, reduction='none', pos_weight=double(np.asarray(weight, np.float32))
        )
        elementwise(loss, name, logits, targets, function, positiveWeight=weight)
        elementwise(
            loss,
            f'{name}, sample weights',
            logits,
            targets,
            function,
            positiveWeight=weight,
            sampleWeights=f32([1, 0.5, 0, 2]),
        )
    large, ends = f32([1e4, 1e4, -1e4, -1e4, 100, -100, 0, 0]), f32([1, 0, 1, 0, 0.25, 0.25, 1, 0])
    elementwise(loss, 'logits of 1e4', large, ends, none)
    elementwise(loss, 'logits of 1e4, none', large, ends, none, reduction='none')
    elementwise(
        loss,
        'logits of 1e4, positive weight',
        large,
        ends,
        lambda x, y: base(x, y, reduction='none', pos_weight=torch.tensor(3.0, dtype=torch.float64)),
        positiveWeight=3,
    )


def regression():
    predictions, targets = inputs.normal(4, 3, scale=2), inputs.normal(4, 3)
    predictions[1, 2] = targets[1, 2]
    for loss, base, more in (
        ('meanSquaredError', F.mse_loss, {}),
        ('meanAbsoluteError', F.l1_loss, {}),
        ('huber', F.huber_loss, {}),
        ('huber', F.huber_loss, {'delta': 0.5}),
    ):
        before = len(cases.get(loss, []))
        reductions_and_weights(
            loss, predictions, targets, lambda x, y: base(x, y, reduction='none', **more), **more
        )
        for case in cases[loss][before:]:
            case['name'] += ', delta 0.5' if more else ''
    errors = f32([0, 0.25, -0.25, 0.5, -0.5, 1, -1, 1.5, -100])
    elementwise(
        'huber',
        'around delta 1',
        errors,
        np.zeros_like(errors),
        lambda x, y: F.huber_loss(x, y, reduction='none'),
        delta=1,
        reduction='none',
    )
    elementwise(
        'huber',
        'around delta 0.5',
        errors,
        np.zeros_like(errors),
        lambda x, y: F.huber_loss(x, y, reduction='none', delta=0.5),
        delta=0.5,
        reduction='none',
    )
    elementwise(
        'meanAbsoluteError',
        'no error, no gradient',
        f32([0, 1, -1]),
        f32([0, 1, 1]),
        lambda x, y: F.l1_loss(x, y, reduction='none'),
    )


def more_regression():
    predictions, targets = inputs.normal(4, 3, scale=2), inputs.normal(4, 3)
    e = lambda x, y: x - y
    log_cosh = lambda x, y: torch.log(torch.cosh(e(x, y)))
    reductions_and_weights('logCosh', predictions, targets, log_cosh)
    # |e| - log 2 up to e^-80
    elementwise(
        'logCosh', 'large', f32([40, -60, 1e4]), f32([0, 0, 0]), lambda x, y: e(x, y).abs() - np.log(2)
    )
    percentage = lambda x, y: e(x, y).abs() / y.abs().clamp(min=1e-7)
    reductions_and_weights('meanAbsolutePercentageError', predictions, targets, percentage)
    elementwise(
        'meanAbsolutePercentageError', 'a target of 0', f32([1e-8, 2]), f32([0, 4]), percentage
    )
    logarithmic = lambda x, y: (torch.log1p(x.clamp(min=0)) - torch.log1p(y.clamp(min=0))) ** 2
    above = inputs.uniform(0, 9, 4, 3)
    reductions_and_weights('meanSquaredLogarithmicError', above, inputs.uniform(0, 9, 4, 3), logarithmic)
    elementwise(
        'meanSquaredLogarithmicError', 'below 0', f32([-2, 3]), f32([1, -1]), logarithmic, reduction='none'
    )
    counts = f32(inputs.integers(0, 5, 4, 3))
    reductions_and_weights(
        'poissonLoss',
        predictions,
        counts,
        lambda x, y: F.poisson_nll_loss(x, y, log_input=True, full=False, reduction='none'),
    )


def hinges():
    scores, signs = inputs.normal(4, 3), f32(2 * inputs.integers(0, 2, 4, 3) - 1)
    hinge = lambda x, y: (1 - y * x).clamp(min=0)
    reductions_and_weights('hinge', scores, signs, hinge)
    reductions_and_weights('squaredHinge', scores, signs, lambda x, y: hinge(x, y) ** 2)
    for name, function in (('hinge', hinge), ('squaredHinge', lambda x, y: hinge(x, y) ** 2)):
        zeros = f32((signs + 1) / 2)
        elementwise(name, 'targets 0 and 1', scores, zeros, lambda x, y: function(x, 2 * y - 1))


def focal():
    logits, targets = inputs.normal(4, 3, scale=2), f32(inputs.integers(0, 2, 4, 3))

    def function(x, y, gamma=2, alpha=None):
        # torchvision.ops.sigmoid_focal_loss
        p = torch.sigmoid(x)
        ce = F.binary_cross_entropy_with_logits(x, y, reduction='none')
        p_t = p * y + (1 - p) * (1 - y)
        loss = ce * ((1 - p_t) ** gamma)
        return loss if alpha is None else (alpha * y + (1 - alpha) * (1 - y)) * loss

    reductions_and_weights('binaryFocalCrossEntropy', logits, targets, function)
    for gamma, alpha in ((0, 0.25), (2, 0.25), (3.5, 1), (0.5, 0)):
        elementwise(
            'binaryFocalCrossEntropy',
            f'gamma {gamma}, alpha {alpha}',
            logits,
            targets,
            lambda x, y: function(x, y, gamma, alpha),
            gamma=gamma,
            alpha=alpha,
        )
    elementwise(
        'binaryFocalCrossEntropy', 'soft targets', logits, inputs.uniform(0, 1, 4, 3), function
    )
    large = f32([40, -40, 100, -100])
    elementwise('binaryFocalCrossEntropy', 'large logits', large, f32([0, 1, 0, 1]), function)


def by_row(loss, predictions, targets, function, **more):
    """For losses that give a number for each row of [N, C]."""
    weights = f32([1, 0.5, 0, 2])
    suffix = ''.join(f', {key} {value}' for key, value in more.items())
    add = lambda name, p=predictions, t=targets, **options: record(
        loss,
        name + suffix,
        p,
        t,
        {**more, **options},
        lambda x: (
            function(x, double(t)),
            double(options['sampleWeights']) if 'sampleWeights' in options else torch.ones(()).double(),
        ),
    )
    add('mean')
    add('sum', reduction='sum')
    add('none', reduction='none')
    add('sample weights', sampleWeights=weights)
    add('sample weights, sum', sampleWeights=weights, reduction='sum')
    add('sample weights, none', sampleWeights=weights, reduction='none')
    return add


def overlaps():
    probabilities, targets = inputs.uniform(0, 1, 4, 6), f32(inputs.integers(0, 2, 4, 6))

    def dice(p, y, smooth=1):
        p, y = p.flatten(1), y.flatten(1)
        return 1 - (2 * (p * y).sum(1) + smooth) / (p.sum(1) + y.sum(1) + smooth)

    def tversky(p, y, alpha=0.5, beta=0.5, smooth=1):
        p, y = p.flatten(1), y.flatten(1)
        positive = (p * y).sum(1)
        wrong = alpha * (p * (1 - y)).sum(1) + beta * ((1 - p) * y).sum(1)
        return 1 - (positive + smooth) / (positive + wrong + smooth)

    images = probabilities.reshape(2, 2, 3, 2), targets.reshape(2, 2, 3, 2)
    add = by_row('dice', probabilities, targets, dice)
    add('rank 4', *images)
    by_row('dice', probabilities, targets, lambda p, y: dice(p, y, 0.25), smooth=0.25)
    add = by_row('tversky', probabilities, targets, tversky)
    add('rank 4', *images)
    by_row(
        'tversky',
        probabilities,
        targets,
        lambda p, y: tversky(p, y, 0.25, 0.75, 0.5),
        alpha=0.25,
        beta=0.75,
        smooth=0.5,
    )


def divergence():
    logits = inputs.normal(4, 5, scale=2)
    targets = f32(
        [[1, 0, 0, 0, 0], [0.2, 0.2, 0.2, 0.2, 0.2], [0.5, 0.125, 0, 0.125, 0.25], [0, 0, 0, 0.75, 0.25]]
    )
    function = lambda x, y: F.kl_div(F.log_softmax(x, -1), y, reduction='none').sum(-1)
    add = by_row('klDivergence', logits, targets, function)
    add('rank 3', logits.reshape(2, 2, 5), targets.reshape(2, 2, 5))
    assert torch.allclose(
        function(double(logits), double(targets)).mean(),
        F.kl_div(F.log_softmax(double(logits), -1), double(targets), reduction='batchmean'),
    )


def distances():
    a, b, c = inputs.normal(4, 3), inputs.normal(4, 3), inputs.normal(4, 3)
    add = by_row(
        'cosineDistance',
        a,
        b,
        lambda x, y: 1 - F.cosine_similarity(x, y, dim=-1),
    )
    add('the same direction', a, 2 * a)

    def three(loss, function, third, **more):
        for options in ({}, {'reduction': 'sum'}, {'reduction': 'none'}, {'sampleWeights': f32([1, 0.5, 0, 2])}):
            weights = double(options['sampleWeights']) if 'sampleWeights' in options else torch.ones(()).double()
            name = ', '.join([*options, *(f'{key} {value}' for key, value in more.items())]) or 'mean'
            record(loss, name, a, [b, third], {**more, **options}, lambda x: (function(x), weights))

    triplet = lambda margin: lambda x: F.triplet_margin_loss(
        x, double(b), double(c), margin=margin, reduction='none'
    )
    three('tripletMargin', triplet(1), c)
    three('tripletMargin', triplet(3), c, margin=3)
    same = f32([1, 0, 0, 1])

    def contrastive(x, margin=1):
        d = F.pairwise_distance(x, double(b))
        y = double(same)
        return y * d**2 / 2 + (1 - y) * (margin - d).clamp(min=0) ** 2 / 2

    three('contrastive', contrastive, same)
    three('contrastive', lambda x: contrastive(x, 4), same, margin=4)


def more_over_classes():
    logits = inputs.normal(2, 3, 4, scale=2)
    labels = i32([[2, 0, 3], [3, 1, -100]])
    counted = torch.from_numpy(labels >= 0)
    row_weights = f32([0.5, 2])
    class_weights = f32([0.5, 1, 2, 0.25])
    soft = torch.softmax(double(inputs.normal(2, 3, 4)), -1).numpy().astype(np.float32)

    def several(name, y, **options):
        """F.cross_entropy has the classes at axis 1."""
        target = torch.from_numpy(y).long() if y.ndim == 2 else double(y).movedim(-1, 1)
        weight = double(options['classWeights']) if 'classWeights' in options else None
        ignored = options.get('ignoreIndex', -1000)
        settings = dict(weight=weight, label_smoothing=options.get('labelSmoothing', 0))
        if y.ndim == 2:
            settings['ignore_index'] = ignored
        weights = torch.ones(2, 3, dtype=torch.float64)
        if y.ndim == 2:
            weights = weights * (target != ignored)
            if weight is not None:
                weights = weights * weight[target.clamp(min=0)]
        if 'sampleWeights' in options:
            weights = weights * double(options['sampleWeights'])[:, None]

        def function(x):
            losses = F.cross_entropy(x.movedim(-1, 1), target, reduction='none', **settings)
            ofLabel = 1 if weight is None or y.ndim == 3 else weight[target.clamp(min=0)]
            return losses / ofLabel, weights

        out = record('softmaxCrossEntropy', name, logits, y, options, function)
        if 'sampleWeights' not in options:
            kind = options.get('reduction', 'mean')
            known = F.cross_entropy(double(logits).movedim(-1, 1), target, reduction=kind, **settings)
            assert torch.allclose(out, known, rtol=1e-13), name

    all_labels = np.abs(labels) % 4
    several('[N, T, C], class numbers', all_labels)
    several('[N, T, C], none', all_labels, reduction='none')
    several('[N, T, C], soft labels', soft, labelSmoothing=0.1)
    several('[N, T, C], sample weights', all_labels, sampleWeights=row_weights)
    several('[N, T, C], class weights', all_labels, classWeights=class_weights, labelSmoothing=0.1)
    several('[N, T, C], everything', all_labels, classWeights=class_weights, sampleWeights=row_weights)
    several('ignoreIndex -100', labels, ignoreIndex=-100)
    several('ignoreIndex, none', labels, ignoreIndex=-100, reduction='none')
    several('ignoreIndex, sum', labels, ignoreIndex=-100, reduction='sum')
    several('ignoreIndex, a class', all_labels, ignoreIndex=3, labelSmoothing=0.1)
    several('ignoreIndex, everything', labels, ignoreIndex=-100, classWeights=class_weights, sampleWeights=row_weights)

    x, y = inputs.normal(4, 3, scale=2), f32([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0.5, 0.25, 1]])

    def smoothed(x, y):
        return F.binary_cross_entropy_with_logits(x, y * (1 - 0.1) + 0.5 * 0.1, reduction='none')

    elementwise('binaryCrossEntropy', 'label smoothing', x, y, smoothed, labelSmoothing=0.1)
    elementwise(
        'binaryCrossEntropy',
        'label smoothing, sample weights',
        x,
        y,
        smoothed,
        labelSmoothing=0.1,
        sampleWeights=f32([1, 0.5, 0, 2]),
    )

    def rows(loss, name, scores, y, function, **options):
        one_hot = F.one_hot(torch.from_numpy(y).long(), scores.shape[-1]).double() if y.ndim < scores.ndim else double(y)
        weights = torch.ones((), dtype=torch.float64)
        if 'sampleWeights' in options:
            weights = double(options['sampleWeights'])
        record(loss, name, scores, y, options, lambda x: (function(x, one_hot), weights))

    def categorical_hinge(x, y):
        # keras/src/losses/losses.py
        pos = (y * x).sum(-1)
        neg = ((1 - y) * x).amax(-1)
        return (neg - pos + 1).clamp(min=0)

    numbers, weights = i32([2, 0, 1, 1]), f32([1, 0.5, 0, 2])
    hot = np.eye(3, dtype=np.float32)[numbers]
    rows('categoricalHinge', 'class numbers', x, numbers, categorical_hinge)
    rows('categoricalHinge', 'one-hot', x, hot, categorical_hinge, reduction='none')
    rows('categoricalHinge', 'sample weights', x, numbers, categorical_hinge, sampleWeights=weights)
    rows('categoricalHinge', '[N, T, C]', logits, all_labels, categorical_hinge, reduction='sum')

    def focal(gamma, alpha=1):
        # keras/src/losses/losses.py, categorical_focal_crossentropy, with the softmax inside
        def function(x, y):
            p = torch.softmax(x, -1)
            return (alpha * (1 - p) ** gamma * y * -torch.log_softmax(x, -1)).sum(-1)

        return function

    loss = 'softmaxFocalCrossEntropy'
    alpha = f32([0.25, 0.5, 2])
    rows(loss, 'class numbers', x, numbers, focal(2))
    rows(loss, 'soft', x, np.abs(y), focal(2))
    rows(loss, 'none', x, hot, focal(2), reduction='none')
    rows(loss, 'gamma 0', x, numbers, focal(0), gamma=0)
    rows(loss, 'gamma 3.5, alpha 0.25', x, numbers, focal(3.5, 0.25), gamma=3.5, alpha=0.25)
    rows(loss, 'alpha of each class', x, numbers, focal(2, double(alpha)), alpha=alpha, sampleWeights=weights)
    rows(loss, '[N, T, C]', logits, all_labels, focal(2))
    rows(loss, 'sure and right', f32([[40, 0, 0], [0, 0, 12]]), i32([0, 2]), focal(2))


def positions():
    """Masks: a weight for each of the first axes."""
    x, y = inputs.normal(2, 3, 2), inputs.normal(2, 3, 2)
    mask, every = f32([[1, 1, 0], [1, 0, 0.5]]), np.abs(inputs.normal(2, 3, 2))

    def squares(x):
        return (x - double(y)) ** 2

    for reduction in ['mean', 'sum', 'none']:
        options = {} if reduction == 'mean' else {'reduction': reduction}
        record(
            'meanSquaredError', f'mask [N, T], {reduction}', x, y, {'sampleWeights': mask, **options},
            lambda x: (squares(x), double(mask)[..., None]),
        )
    record(
        'meanSquaredError', 'a weight for each element', x, y, {'sampleWeights': every},
        lambda x: (squares(x), double(every)),
    )
    targets = f32(np.abs(y) / np.abs(y).sum(-1, keepdims=True))
    record(
        'klDivergence', 'mask [N, T]', x, targets, {'sampleWeights': mask},
        lambda x: (F.kl_div(F.log_softmax(x, -1), double(targets), reduction='none').sum(-1), double(mask)),
    )
    labels, padded = i32([[0, 2, 1], [3, 0, 2]]), i32([[0, 2, -100], [3, -100, -100]])
    logits = inputs.normal(2, 3, 4, scale=2)
    class_weights = f32([1, 2, 0.5, 0.25])

    def tokens(name, labels, **options):
        target = torch.from_numpy(labels).long()
        weight = double(options['classWeights']) if 'classWeights' in options else None
        ignored = options.get('ignoreIndex', -1000)
        weights = double(options['sampleWeights']) * (target != ignored)
        of_label = 1 if weight is None else weight[target.clamp(min=0)]

        def function(x):
            losses = F.cross_entropy(x.movedim(-1, 1), target, weight, reduction='none', ignore_index=ignored)
            return losses / of_label, weights * of_label

        record('softmaxCrossEntropy', name, logits, labels, options, function)

    tokens('mask [N, T]', labels, sampleWeights=mask)
    tokens('mask [N, T], none', labels, sampleWeights=mask, reduction='none')
    tokens('mask [N, T], class weights', labels, sampleWeights=mask, classWeights=class_weights)
    tokens('mask [N, T], ignoreIndex', padded, sampleWeights=mask, ignoreIndex=-100)
    tokens(
        'mask [N, T], class weights, ignoreIndex', padded,
        sampleWeights=mask, classWeights=class_weights, ignoreIndex=-100,
    )


def ctc():
    def case(name, x, labels, **options):
        n, length = labels.shape
        steps = x.shape[1]
        blank = options.get('blank', 0)
        inputs_given = torch.from_numpy(options.get('inputLengths', np.full(n, steps, np.int32))).long()
        counts = options.get('labelLengths', np.full(n, length, np.int32))
        if 'ignoreIndex' in options:
            counts = (labels != options['ignoreIndex']).sum(1)
        counts = torch.from_numpy(counts).long()
        targets = torch.from_numpy(labels).long().clamp(min=0)
        weights = double(options['sampleWeights']) if 'sampleWeights' in options else torch.ones(n, dtype=torch.float64)
        reduction = options.get('reduction', 'mean')

        def loss(x, reduction):
            return F.ctc_loss(
                x.log_softmax(-1).movedim(1, 0), targets, inputs_given, counts, blank, reduction,
                options.get('zeroInfinity', False),
            )

        def function(x):
            losses = loss(x, 'none')
            return (losses / counts.clamp(min=1) if reduction == 'mean' else losses), weights

        out = record('ctcLoss', name, x, labels, options, function)
        if 'sampleWeights' not in options:
            assert torch.allclose(out, loss(double(x), reduction), rtol=1e-13), name

    x = inputs.normal(3, 8, 5, scale=2)
    labels = i32([[1, 2, 3], [4, 4, 1], [2, 2, 2]])
    padded = i32([[1, 2, 3], [4, 4, -1], [2, -1, -1]])
    lengths = dict(inputLengths=i32([8, 5, 3]), labelLengths=i32([3, 2, 1]))
    case('all', x, labels)
    case('none', x, labels, reduction='none')
    case('sum', x, labels, reduction='sum')
    case('lengths', x, labels, **lengths)
    case('lengths, none', x, labels, **lengths, reduction='none')
    case('ignoreIndex', x, padded, inputLengths=i32([8, 5, 3]), ignoreIndex=-1)
    case('the blank is the last class', x, i32([[0, 1, 3], [3, 3, 0], [1, 1, 1]]), **lengths, blank=4)
    case('no labels', x, labels, inputLengths=i32([8, 4, 1]), labelLengths=i32([0, 0, 0]))
    case('zeroInfinity', x, labels, inputLengths=i32([2, 4, 5]), labelLengths=i32([3, 3, 3]), zeroInfinity=True)
    case('just enough steps', x, labels, inputLengths=i32([3, 4, 5]), labelLengths=i32([3, 3, 3]), reduction='none')
    case('sample weights', x, labels, **lengths, sampleWeights=f32([1, 0.5, 2]))
    case('large logits', inputs.normal(2, 6, 4, scale=40), i32([[1, 2], [3, 3]]), reduction='none')
    logs = torch.log_softmax(double(inputs.normal(2, 6, 4)), -1).numpy().astype(np.float32)
    case('log-probabilities', np.round(logs, 3), i32([[1, 2], [3, 3]]))
    case('one step', inputs.normal(1, 1, 3), i32([[2]]))
    case('many steps', inputs.normal(2, 40, 6), inputs.integers(1, 6, 2, 12))


softmax_cross_entropy()
binary_cross_entropy()
regression()
more_regression()
hinges()
focal()
overlaps()
divergence()
distances()
more_over_classes()
positions()
ctc()
write('losses', cases, depth=2)
