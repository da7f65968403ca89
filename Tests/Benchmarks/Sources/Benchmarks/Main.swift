import Foundation

/// `make bench`: what Gatehouse costs, beside what its parts cost alone.
@main
struct Main {
    static func main() async {
        do {
            try await measure()
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func measure() async throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == "serve-nothing", let port = Int(arguments[2]) {
            return try await Floors.serveNothing(port: port)
        }
        let program = URL(filePath: arguments.count > 1 ? arguments[1] : ".build/release/gatehouse").path
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw BenchmarkFailure("no \(program): run `make bench` at the top of the project")
        }
        let directory = "/tmp/gh-bench-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let arrivals = ArrivalTimes(program: program, directory: directory)
        if ProcessInfo.processInfo.environment["ONLY"] == "arrivals" { return try await arrivals.run() }
        let revocations = RevocationTimes(program: program, directory: directory)
        if ProcessInfo.processInfo.environment["ONLY"] == "revocations" { return try await revocations.run() }
        let lists = SessionLists(program: program, directory: directory)
        if ProcessInfo.processInfo.environment["ONLY"] == "lists" { return try await lists.run() }
        let floors = try await FloorReport.measure(in: directory)
        floors.show()
        try await Benchmark(program: program, directory: directory, floors: floors).run()
        if ProcessInfo.processInfo.environment["ONLY"] == "operations" { return }
        try await arrivals.run()
        try await revocations.run()
        try await SessionCounts(program: program, directory: directory, counts: SessionCounts.asked).run()
        try await lists.run()
    }
}

/// The floors of this run.
struct FloorReport: Sendable {
    let empty: [Int: Load.Result]
    let signature: Double
    let verification: Double
    let commits: [Int: Double]

    static let crowds = [16, 64]

    static func measure(in directory: String) async throws -> FloorReport {
        let port = Int.random(in: 20_000..<31_000)
        let me = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let server = try MeasuredProcess(me, ["serve-nothing", "\(port)"], log: "\(directory)/empty.log")
        defer { server.stop() }
        let http = PlainHTTP(target: Target(port: port))
        for _ in 0..<500 where (try? await http.get("/readyz"))?.status != 200 {
            try await Task.sleep(for: .milliseconds(10))
        }
        let target = Target(port: port)
        var empty: [Int: Load.Result] = [:]
        for crowd in crowds {
            empty[crowd] = try await Load(target: target, connections: crowd).run(against: server) { _ in
                Repeated(target.get("/"))
            }
        }
        var commits: [Int: Double] = [:]
        for writes in [1] + crowds { commits[writes] = try Floors.commit(in: directory, writes: writes).microseconds }
        return FloorReport(
            empty: empty, signature: try Floors.signature(),
            verification: try Floors.verification(), commits: commits)
    }

    func show() {
        say("Floors, same machine, same run\n")
        for result in empty.values.sorted(by: { $0.connections < $1.connections }) {
            say(Row("empty handler", result).text)
        }
        say("one ES256 signature: \(tenths(signature)) µs, verified in \(tenths(verification)) µs")
        for (writes, time) in commits.sorted(by: { $0.key < $1.key }) {
            say("one durable commit of \(writes): \(tenths(time)) µs")
        }
        say("")
    }
}

/// One line of the report.
struct Row {
    let text: String

    init(_ name: String, _ result: Load.Result, floor: Load.Result? = nil) {
        var text = name.padding(toLength: 20, withPad: " ", startingAt: 0)
        text += "\(result.connections) connections: ".leftPadded(to: 17)
        text += "\(Int(result.perSecond))/s".leftPadded(to: 9)
        text += "  p50 \(Int(result.p50)) µs  p99 \(Int(result.p99)) µs  CPU \(tenths(result.cpu)) µs"
        if let floor {
            text += "  = \(hundredths(result.perSecond / floor.perSecond)) of the empty handler's pace,"
            text += " \(tenths(result.cpu / floor.cpu)) times its CPU"
        }
        self.text = text
    }
}

/// Prints at once, also into a pipe.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

func tenths(_ value: Double) -> String { String(format: "%.1f", value) }
func hundredths(_ value: Double) -> String { String(format: "%.2f", value) }

extension String {
    func leftPadded(to length: Int) -> String {
        String(repeating: " ", count: max(0, length - count)) + self
    }
}
