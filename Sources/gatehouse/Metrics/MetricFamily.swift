/// A metric with its samples, in the Prometheus text format.
struct MetricFamily {
    /// The kinds of metrics that Gatehouse has.
    enum Kind: String {
        case counter, gauge, histogram
    }

    /// One line: labels and a value. A histogram has several lines for each set of labels, told apart by the suffix of the name.
    struct Sample {
        var suffix = ""
        var labels: [(String, String)] = []
        let value: String
    }

    let name: String
    let help: String
    let kind: Kind
    let samples: [Sample]

    /// A family of samples.
    init(_ name: String, _ help: String, _ kind: Kind, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A gauge with one value; without samples if the value is unknown.
    static func gauge(_ name: String, _ help: String, _ value: (any BinaryInteger)?) -> MetricFamily {
        MetricFamily(name, help, .gauge, value.map { [Sample(value: "\($0)")] } ?? [])
    }

    /// A gauge with a value for each value of one label.
    static func gauge(
        _ name: String, _ help: String, by label: String, _ values: [(String, Int64)]
    ) -> MetricFamily {
        MetricFamily(name, help, .gauge, values.map { Sample(labels: [(label, $0.0)], value: "\($0.1)") })
    }

    /// A counter with one value.
    static func counter(_ name: String, _ help: String, _ value: Int64) -> MetricFamily {
        MetricFamily(name, help, .counter, [Sample(value: "\(value)")])
    }

    /// The samples of one histogram: `classes` has the count in each class of `bounds`, and in one above.
    static func samples(
        bounds: [Double], classes: [Int64], sum: Double, labels: [(String, String)] = []
    ) -> [Sample] {
        var total: Int64 = 0
        var samples: [Sample] = []
        for (bound, count) in zip(bounds.map { "\($0)" } + ["+Inf"], classes) {
            total += count
            samples.append(Sample(suffix: "_bucket", labels: labels + [("le", bound)], value: "\(total)"))
        }
        return samples + [
            Sample(suffix: "_sum", labels: labels, value: "\(sum)"),
            Sample(suffix: "_count", labels: labels, value: "\(total)"),
        ]
    }

    /// The lines of the family; empty without samples.
    var text: String {
        guard !samples.isEmpty else { return "" }
        let lines = samples.map { sample in
            let labels = sample.labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
            return "\(name)\(sample.suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(sample.value)\n"
        }
        return "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n" + lines.joined()
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#).replacing("\n", with: #"\n"#)
    }
}
