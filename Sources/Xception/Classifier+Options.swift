package import Runtime
@_exported public import XceptionTypes

extension Classifier {
  /// How a classifier is set up.
  public struct Options: Sendable {
    /// The most threads that one classification uses, at least 1; nil means as many as this process may use.
    public var threads: Int?
    /// The instruction set of the kernels by name (`amx`, `avx512bf16`, `avx512vnni`, `avx512`, `avx2`, `portable`); nil means the
    /// one that the environment variable `XCEPTION_ISA` names, or else the best that this processor has.
    public var instructionSet: String?
    /// What the network computes in; nil means what its weights were stored for, so that results change only where that is
    /// asked for. For `int8`, weights that are not integers yet are quantized as the model is loaded.
    public var precision: Precision?
    /// In bf16, whether products multiply bf16 numbers (true), where the instruction set can, or fp32 numbers, for which the
    /// weights are widened (false); nil means what is fastest on this processor, which may also be 16-bit integers, with a scale
    /// for each pixel and each column of weights. In int8 the same of the small kernels, whose weights are no integers.
    public var bfloat16Products: Bool?
    /// Replaces the preprocessing that the model file states.
    public var preprocessing: Preprocessing?
    /// How image files become images: the limits on their size, what happens to transparency, and whether photos are turned
    /// upright. Pixels that are in memory already are not decoded.
    public var decoding: DecodingOptions
    /// Where the packed weights of the model's file are looked up; nil, the default, means nowhere. They get there by
    /// ``Classifier/fillCache()``.
    public var cache: WeightCache?

    public init(
      threads: Int? = nil, instructionSet: String? = nil, precision: Precision? = nil, bfloat16Products: Bool? = nil,
      preprocessing: Preprocessing? = nil, decoding: DecodingOptions = DecodingOptions(), cache: WeightCache? = nil
    ) {
      self.threads = threads
      self.instructionSet = instructionSet
      self.precision = precision
      self.bfloat16Products = bfloat16Products
      self.preprocessing = preprocessing
      self.decoding = decoding
      self.cache = cache
    }
  }
}

extension ReadyNetwork.Options {
  package init(_ options: Classifier.Options, plan: PlanOptions = PlanOptions()) {
    self.init(
      threads: options.threads, instructionSet: options.instructionSet, precision: options.precision, plan: plan,
      cache: options.cache)
    self.plan.bfloat16Products = options.bfloat16Products
  }
}
