import CoreMetrics
import Testing

@testable import gatehouse

@Suite("The registry of metrics")
struct MetricsRegistryTests {
    private static let labels = [("route", "/token"), ("method", "POST"), ("status", "200")]

    @Test func `counters and sums of seconds are lines in a stable order, with the help that dashboards show`() {
        let registry = MetricsRegistry()
        let seconds = registry.makeFloatingPointCounter(
            label: "gatehouse_http_request_seconds_total", dimensions: Self.labels)
        for _ in 0..<3 { seconds.increment(by: 0.25) }
        registry.makeCounter(label: "gatehouse_refusals_total", dimensions: [("error", "invalid_grant")])
            .increment(by: 2)
        registry.makeCounter(label: "gatehouse_http_requests_total", dimensions: Self.labels).increment(by: 3)
        registry.makeCounter(label: "gatehouse_code_repeats_total", dimensions: []).increment(by: 1)
        #expect(
            registry.text == """
                # HELP gatehouse_code_repeats_total Redemptions of a code that the client sent twice within a second.
                # TYPE gatehouse_code_repeats_total counter
                gatehouse_code_repeats_total 1
                # HELP gatehouse_http_request_seconds_total Time from the heads of requests to their responses, added up.
                # TYPE gatehouse_http_request_seconds_total counter
                gatehouse_http_request_seconds_total{route="/token",method="POST",status="200"} 0.75
                # HELP gatehouse_http_requests_total Requests answered, by route, method and status.
                # TYPE gatehouse_http_requests_total counter
                gatehouse_http_requests_total{route="/token",method="POST",status="200"} 3
                # HELP gatehouse_refusals_total Refused requests that leave no audit record, by error code.
                # TYPE gatehouse_refusals_total counter
                gatehouse_refusals_total{error="invalid_grant"} 2

                """)
    }

    @Test func `two handles with the same labels raise one value`() {
        let registry = MetricsRegistry()
        for _ in 0..<2 {
            registry.makeCounter(label: "a", dimensions: []).increment(by: 1)
            registry.makeFloatingPointCounter(label: "b", dimensions: []).increment(by: 0.5)
        }
        #expect(registry.text == "# HELP a a\n# TYPE a counter\na 2\n# HELP b b\n# TYPE b counter\nb 1.0\n")
    }

    @Test func `small amounts are not lost beside a great sum, and no amount is infinite`() {
        let registry = MetricsRegistry()
        let sum = registry.makeFloatingPointCounter(label: "b", dimensions: [])
        sum.increment(by: 4_000_000)
        for _ in 0..<1_000 { sum.increment(by: 0.000_001) }
        sum.increment(by: .infinity)
        sum.increment(by: .nan)
        #expect(registry.text == "# HELP b b\n# TYPE b counter\nb 4000000.001\n")
    }

    @Test func `a histogram counts each time in its class and in all above, and adds the times up`() {
        let registry = MetricsRegistry()
        let times = registry.makeRecorder(label: "h", dimensions: [("route", "/a\"b")], aggregate: true)
        for time in [0.0005, 0.3, 0.3, 60] { times.record(time) }
        let lines = registry.text.split(separator: "\n")
        #expect(lines[1] == "# TYPE h histogram")
        #expect(lines.contains(#"h_bucket{route="/a\"b",le="0.001"} 1"#))
        #expect(lines.contains(#"h_bucket{route="/a\"b",le="0.25"} 1"#))
        #expect(lines.contains(#"h_bucket{route="/a\"b",le="0.5"} 3"#))
        #expect(lines.contains(#"h_bucket{route="/a\"b",le="+Inf"} 4"#))
        #expect(lines.contains(#"h_count{route="/a\"b"} 4"#) && lines.contains(#"h_sum{route="/a\"b"} 60.6005"#))
    }
}
