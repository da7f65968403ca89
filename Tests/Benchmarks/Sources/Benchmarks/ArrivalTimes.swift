import Foundation
import NIOCore
import NIOPosix

/// How long the MCP server waits from the moment in which the person sends the decision, beside others who wait;
/// `ONLY=arrivals make bench` measures nothing else.
struct ArrivalTimes {
    let program: String
    let directory: String

    /// How the MCP server hears of it.
    enum Way: String, CaseIterable {
        case longPoll = "long poll"
        case push
    }

    /// How many others wait, and how many decisions are measured.
    private static let (crowds, rounds) = ([1, 1_000], 300)

    /// One thread: on two cores the other one is the server's.
    private static let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()

    func run() async throws {
        say("\nFrom the person's decision to the MCP server\n")
        for way in Way.allCases {
            for crowd in Self.crowds { try await measure(way, crowd) }
        }
    }

    private func measure(_ way: Way, _ crowd: Int) async throws {
        let folder = "\(directory)/arrivals"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let loop = Self.loop
        let door = try await EventEndpoint(on: loop)
        defer { door.close() }
        let gatehouse = try Gatehouse(program: program, directory: folder, port: Int.random(in: 20_000..<31_000))
        let first = try await gatehouse.start().process
        defer { first.stop() }
        let registered = try gatehouse.register(eventsEndpoint: way == .push ? door.endpoint : nil)
        _ = try gatehouse.command(["users", "add", "others", "--password-stdin"], input: Person.password + "\n")
        var call = try await WaitingCall(gatehouse, registered, on: loop)
        _ = try await call.ask(0)
        first.stop()
        let handles = try OtherWaits.fill(crowd, in: folder)
        let server = try await gatehouse.start().process
        defer { server.stop() }
        var arrivals = door.arrivals.makeAsyncIterator()
        if way == .push { try await call.verify(&arrivals) }
        let others = try await OtherWaits(
            for: handles, at: Target(port: gatehouse.port), proof: registered.proof, on: loop)
        try await Task.sleep(for: .seconds(1))
        try await call.connect()
        var times: [WaitingCall.Times] = []
        for round in 1...Self.rounds {
            times.append(
                way == .push ? try await call.pushed(round, &arrivals) : try await call.polled(round))
        }
        call.close()
        try await others.end()
        show(way, crowd, times)
    }

    private func show(_ way: Way, _ crowd: Int, _ times: [WaitingCall.Times]) {
        func milliseconds(_ share: Double, _ value: (WaitingCall.Times) -> TimeAmount) -> String {
            let sorted = times.map { Double(value($0).nanoseconds) / 1e6 }.sorted()
            return tenths(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]).leftPadded(to: 5)
        }
        say(
            way.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0)
                + "\(crowd) others wait: ".leftPadded(to: 20)
                + "p50 \(milliseconds(0.5, \.arrival)) ms  p99 \(milliseconds(0.99, \.arrival)) ms  "
                + "longest \(milliseconds(1, \.arrival)) ms;  "
                + "the person's own answer p50 \(milliseconds(0.5, \.page)) ms  p99 \(milliseconds(0.99, \.page)) ms")
    }
}
