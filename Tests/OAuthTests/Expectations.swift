import OAuth
import Testing

/// A small generator with a fixed seed: a failing property fails again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}

/// The code of the refusal that `body` ends in; nil when it does not refuse.
func refusal<T>(_ body: () throws -> T) -> OAuthError.Code? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? OAuthError)?.code
    }
}

/// A form out of names and values, encoded.
func form(_ pairs: [(String, String)]) throws -> Parameters {
    let encoded = pairs.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    return try Parameters(form: Array(encoded.utf8))
}
