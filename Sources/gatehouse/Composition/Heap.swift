import Glibc

/// How the C library keeps the server's memory.
enum Heap {
    private typealias Option = @convention(c) (Int32, Int32) -> Int32
    /// `M_ARENA_MAX` of malloc.h, which Swift's module of the C library leaves out.
    private static let arenas: Int32 = -8

    /// Two arenas instead of eight a core: what one thread frees another can use again. A C library without the option
    /// is left as it is.
    static func share() {
        guard let symbol = dlsym(nil, "mallopt") else { return }
        _ = unsafeBitCast(symbol, to: Option.self)(arenas, 2)
    }
}
