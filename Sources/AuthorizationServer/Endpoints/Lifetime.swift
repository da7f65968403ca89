/// Lengths of time as the configuration and the consent page spell them.
package enum Lifetime {
    /// The shortest exact spelling of `seconds`: `90s`, `10m`, `12h`, `30d`.
    package static func text(_ seconds: Int64) -> String {
        for (unit, length) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)]
        where seconds >= length && seconds % length == 0 {
            if unit == "d", seconds == length { continue }
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}
