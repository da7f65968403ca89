import Testing

@testable import Outbound

@Suite("Documents that the configuration's lists admit")
struct DocumentAdmissionTests {
    private static let url = "https://app.example/client.json"

    @Test func `new lists decide at once about an address that was admitted or refused before`() throws {
        let fetcher = DocumentFetcher(policy: try FetchPolicy())
        #expect(fetcher.admits(Self.url, rule: nil) && fetcher.admits(Self.url, rule: nil))
        fetcher.follow(try FetchPolicy(block: ["app.example"]))
        #expect(!fetcher.admits(Self.url, rule: nil) && !fetcher.admits(Self.url, rule: nil))
        fetcher.follow(try FetchPolicy(allow: ["app.example"]))
        #expect(fetcher.admits(Self.url, rule: nil))
        fetcher.follow(try FetchPolicy(allow: ["other.example"]))
        #expect(!fetcher.admits(Self.url, rule: nil))
    }

    @Test func `an operator's rule decides about an address that the lists admitted before`() throws {
        let fetcher = DocumentFetcher(policy: try FetchPolicy())
        #expect(fetcher.admits(Self.url, rule: nil))
        #expect(!fetcher.admits(Self.url, rule: .block))
        #expect(fetcher.admits(Self.url, rule: .allow) && fetcher.admits(Self.url, rule: nil))
    }

    @Test func `a flood of addresses changes no answer`() throws {
        let fetcher = DocumentFetcher(policy: try FetchPolicy(block: ["blocked.example"]))
        for number in 0..<2_500 {
            #expect(fetcher.admits("https://app.example/\(number).json", rule: nil))
            #expect(!fetcher.admits("https://blocked.example/\(number).json", rule: nil))
        }
        #expect(fetcher.admits(Self.url, rule: nil) && !fetcher.admits("http://app.example/client.json", rule: nil))
    }
}
