import JOSE

extension JSONObject {
    /// The answer of a command that ends sessions besides: a program finds there how many, zero too.
    func counting(ended count: Int) -> JSONObject {
        var row = self
        row["sessions_ended"] = .integer(Int64(count))
        return row
    }
}
