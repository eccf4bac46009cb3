// No include guard: the end of each kernels_*.cc, after its functions. KISIMD_SET_NAME is the set's name.
const Kernels kKernels = {
    KISIMD_SET_NAME, static_cast<unsigned>(W), MultiplyMatrices, ColumnSums, Tanh, Exp,  SumOfSquares, Scale,
    Blend,           Adam,                     Rmsprop,          LogSoftmax, Dot,  Peak,
};
