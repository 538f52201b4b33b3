// As a module that was compiled: it needs no loader.
export default ({ x }) => ({ y: x * x });
