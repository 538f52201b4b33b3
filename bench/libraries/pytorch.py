"""Runs the tasks of the benchmarks in PyTorch: one JSON request per line on standard input, one answer per line."""

import json
import sys

import torch
import torch.nn.functional as F

torch.set_num_threads(int(sys.argv[1]))
layout = sys.argv[2]


def read(array):
    """A tensor from {path, shape, dtype}: values in the machine's byte order."""
    dtype = getattr(torch, array["dtype"])
    with open(array["path"], "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=dtype).reshape(array["shape"])


def adam_of(parameters, settings):
    betas = (settings["beta1"], settings["beta2"])
    return torch.optim.Adam(parameters, lr=settings["learningRate"], betas=betas, eps=settings["epsilon"])


def matmul(task, arrays, _settings):
    pairs = []
    for i, product in enumerate(task["products"]):
        a, b = read(arrays[2 * i]), read(arrays[2 * i + 1])
        pairs.append((a.T if product.get("transposeA") else a, b.T if product.get("transposeB") else b))

    def run():
        return [a @ b for a, b in pairs]

    def result():
        return torch.cat([c.flatten() for c in run()])

    return run, result


def elementwise(task, arrays, _settings):
    x = read(arrays[0])
    last = getattr(torch, task["last"])

    def apply(x):
        return last(x * task["factor"] + task["summand"])

    latest = x

    def chained():
        nonlocal latest
        latest = apply(latest)
        return latest

    def single():
        return apply(x)

    return chained if task.get("chained") else single, single


def order(task, arrays, _settings):
    x, operation = read(arrays[0]), task["operation"]

    def run():
        if operation == "sort":
            return [torch.sort(x).values]
        if operation == "cumsum":
            return [torch.cumsum(x, -1)]
        return torch.topk(x, int(operation[4:]))

    def result():
        return torch.cat([y.flatten().to(torch.float32) for y in run()])

    return run, result


def adam(_task, arrays, settings):
    p, g = read(arrays[0]).requires_grad_(), read(arrays[1])
    optimizer = adam_of([p], settings)

    def run():
        optimizer.zero_grad()
        with torch.enable_grad():
            (p * g).sum().backward()
        optimizer.step()
        return p.detach()

    return run, run


def training(task, arrays, settings):
    x, labels, *values = [read(array) for array in arrays]
    parameters = [value.requires_grad_() for value in values]
    layers = list(zip(parameters[::2], parameters[1::2]))
    optimizer = adam_of(parameters, settings)
    batch, batches = task["batch"], task["batches"]
    at = 0

    def run():
        nonlocal at
        rows = slice(at * batch, (at + 1) * batch)
        at = (at + 1) % batches
        optimizer.zero_grad()
        with torch.enable_grad():
            h = x[rows]
            for i, (kernel, bias) in enumerate(layers):
                h = torch.addmm(bias, h, kernel)
                if i < len(layers) - 1:
                    h = F.relu(h)
                if i == 0 and task["dropout"] > 0:
                    h = F.dropout(h, task["dropout"])
            loss = F.cross_entropy(h, labels[rows])
            loss.backward()
        optimizer.step()
        return loss.detach()

    return run, run


def images(x):
    """Converts [N, height, width, channels] to the axis order of PyTorch, in the requested memory layout."""
    return x.permute(0, 3, 1, 2).contiguous(memory_format=getattr(torch, layout))


def kernel_of(w):
    """Converts [height, width, inputs, outputs] to the axis order of PyTorch."""
    return w.permute(3, 2, 0, 1).contiguous(memory_format=getattr(torch, layout))


def differentiating(f, inputs, gradient):
    """The result of f and, if `gradient` is given, the gradients of the inputs."""

    def run():
        if gradient is None:
            return [f(*inputs)]
        with torch.enable_grad():
            y = f(*[x.requires_grad_() for x in inputs])
        return [y.detach(), *torch.autograd.grad(y, inputs, gradient)]

    def result():
        y, *gradients = run()
        values = [t.permute(0, 2, 3, 1) for t in [y, *gradients[:1]]]
        values += [t.permute(2, 3, 1, 0) for t in gradients[1:]]
        return torch.cat([t.flatten() for t in values])

    return run, result


def convolution(task, arrays, _settings):
    x, kernel, gradient = [read(array) for array in arrays]
    margin = (task["kernelSize"] - 1) // 2
    return differentiating(
        lambda x, w: F.conv2d(x, w, padding=margin),
        [images(x), kernel_of(kernel)],
        images(gradient) if task["gradients"] else None,
    )


def pooling(task, arrays, _settings):
    x, gradient = [images(read(array)) for array in arrays]
    return differentiating(
        lambda x: F.max_pool2d(x, task["window"]), [x], gradient if task["gradients"] else None
    )


def convnet(task, arrays, settings):
    x, labels, *values = [read(array) for array in arrays]
    x = images(x)
    kernels, biases = [kernel_of(w) for w in values[:-2:2]], values[1:-2:2]
    # The images are flattened in the order channels, height, width.
    dense, last = values[-2].permute(2, 0, 1, 3).flatten(0, 2).contiguous(), values[-1]
    parameters = [p.requires_grad_() for p in [*kernels, *biases, dense, last]]
    optimizer = adam_of(parameters, settings)
    batch, batches, margin = task["batch"], task["batches"], (task["kernelSize"] - 1) // 2
    at = 0

    def run():
        nonlocal at
        rows = slice(at * batch, (at + 1) * batch)
        at = (at + 1) % batches
        optimizer.zero_grad()
        with torch.enable_grad():
            h = x[rows]
            for kernel, bias in zip(kernels, biases):
                h = F.max_pool2d(F.relu(F.conv2d(h, kernel, bias, padding=margin)), 2)
            loss = F.cross_entropy(torch.addmm(last, h.flatten(1), dense), labels[rows])
            loss.backward()
        optimizer.step()
        return loss.detach()

    return run, run


def gpt(task, arrays, settings):
    tokens, following, *values = [read(array) for array in arrays]
    parameters = {name: value.requires_grad_() for name, value in zip(task["names"], values)}
    optimizer = adam_of(list(parameters.values()), settings)
    batch, batches, heads, width = task["batch"], task["batches"], task["heads"], task["width"]
    length, size = task["length"], width // heads
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    at = 0

    def dense(x, name):
        return torch.addmm(parameters[f"{name}.bias"], x, parameters[f"{name}.kernel"])

    def norm(x, name):
        return F.layer_norm(x, (width,), parameters[f"{name}.gamma"], parameters[f"{name}.beta"])

    def attention(x, name):
        qkv = dense(x, f"{name}.qkv").view(batch, length, 3, heads, size).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        scores = (q @ k.transpose(-2, -1)) * size**-0.5
        weights = scores.masked_fill(future, -torch.inf).softmax(-1)
        return dense((weights @ v).transpose(1, 2).reshape(-1, width), f"{name}.projection")

    def run():
        nonlocal at
        rows = slice(at * batch, (at + 1) * batch)
        at = (at + 1) % batches
        optimizer.zero_grad()
        with torch.enable_grad():
            h = (parameters["tokens"][tokens[rows]] + parameters["positions"]).view(-1, width)
            for i in range(task["layers"]):
                h = h + attention(norm(h, f"{i}.norm1"), str(i))
                h = h + dense(F.gelu(dense(norm(h, f"{i}.norm2"), f"{i}.up")), f"{i}.down")
            logits = norm(h, "norm") @ parameters["head"]
            loss = F.cross_entropy(logits, following[rows].flatten())
            loss.backward()
        optimizer.step()
        return loss.detach()

    return run, run


def generation(task, arrays, settings):
    tokens, *values = [read(array) for array in arrays]
    parameters = dict(zip(task["names"], values))
    batch, heads, width, prompt = task["batch"], task["heads"], task["width"], task["prompt"]
    total, size = prompt + task["tokens"], width // heads

    def dense(x, name):
        return F.linear(x, transposed[f"{name}.kernel"], parameters[f"{name}.bias"])

    def norm(x, name):
        return F.layer_norm(x, (width,), parameters[f"{name}.gamma"], parameters[f"{name}.beta"])

    transposed = {name: value.T.contiguous() for name, value in parameters.items() if name.endswith("kernel")}
    future = torch.ones(prompt, prompt, dtype=torch.bool).triu(1)

    def run():
        generated = tokens.clone()
        kept = torch.empty(task["layers"], 2, batch, heads, total, size)
        start = 0
        for end in range(prompt, total):
            h = parameters["tokens"][generated[:, start:end]] + parameters["positions"][start:end]
            steps = end - start
            for i in range(task["layers"]):
                qkv = dense(norm(h, f"{i}.norm1"), f"{i}.qkv").view(batch, steps, 3, heads, size)
                q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
                kept[i, 0, :, :, start:end] = k
                kept[i, 1, :, :, start:end] = v
                scores = (q @ kept[i, 0, :, :, :end].transpose(-2, -1)) * size**-0.5
                if steps > 1:
                    scores = scores.masked_fill(future, -torch.inf)
                heard = (scores.softmax(-1) @ kept[i, 1, :, :, :end]).transpose(1, 2).reshape(batch, steps, width)
                h = h + dense(heard, f"{i}.projection")
                h = h + dense(F.gelu(dense(norm(h, f"{i}.norm2"), f"{i}.up")), f"{i}.down")
            logits = norm(h[:, -1], "norm") @ parameters["head"]
            generated[:, end] = logits.argmax(-1)
            start = end
        return generated

    return run, run


def recurrent(task, arrays, settings):
    x, *values = [read(array) for array in arrays]
    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[task["cell"]](task["inputs"], task["width"])
    for parameter, value in zip(layer.parameters(), values):
        parameter.data = value.T.contiguous()
    layer.flatten_parameters()
    optimizer = adam_of(layer.parameters(), settings)
    at = 0

    def run():
        nonlocal at
        sequences = x[at]
        at = (at + 1) % task["batches"]
        optimizer.zero_grad()
        with torch.enable_grad():
            loss = layer(sequences)[0].square().sum() / task["batch"]
            loss.backward()
        optimizer.step()
        return loss.detach()

    return run, run


kinds = {
    "matmul": matmul,
    "elementwise": elementwise,
    "order": order,
    "adam": adam,
    "training": training,
    "convolution": convolution,
    "pooling": pooling,
    "convnet": convnet,
    "gpt": gpt,
    "generation": generation,
    "recurrent": recurrent,
}
torch.set_grad_enabled(False)
threads = torch.get_num_threads()
about = f"{torch.__version__}, {threads} thread{'' if threads == 1 else 's'}"
if layout != "contiguous_format":
    about += f", images in {layout}"
print(json.dumps(about), flush=True)
run = result = None
for line in sys.stdin:
    request = json.loads(line)
    answer = None
    if request["name"] == "prepare":
        task = request["task"]
        run, result = kinds[task["kind"]](task, request["arrays"], request["adam"])
    elif request["name"] == "run":
        for _ in range(request["times"]):
            run()
    else:
        answer = result().flatten().tolist()
    print(json.dumps(answer), flush=True)
