import Glibc

/// Options of the C library's heap.
enum Heap {
    private typealias Option = @convention(c) (Int32, Int32) -> Int32
    /// `M_ARENA_MAX` of malloc.h, which Swift does not import.
    private static let arenas: Int32 = -8

    /// Limits malloc to two arenas instead of eight per core, so that threads reuse each other's freed memory. A C library
    /// without `mallopt` stays unchanged.
    static func share() {
        guard let symbol = dlsym(nil, "mallopt") else { return }
        _ = unsafeBitCast(symbol, to: Option.self)(arenas, 2)
    }
}
