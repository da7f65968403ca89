import AuthorizationServer
import Foundation
import HTTPTypes
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("What a provider gives leaves no trace")
struct ConnectCanaryTests {
    @Test func `no token, code, state or secret of a provider stands in files, log lines, events or other pages`()
        async throws
    {
        let log = CapturedLog()
        let provider = try await LoopbackProvider.start()
        provider.setLifetime(90)
        try await Harness.run(log: log.logger) { h in
            try await h.providers.add(provider)
            let token = try await h.tokens().access
            let browser = h.browser()
            var canaries = ["access-canary", "refresh-canary", "code-canary", "provider-secret-canary"]
            var shown: [String] = []
            for attempt in 1...3 {
                let asked = try await Asked(h.providers.ask(token))
                let state = try await h.providers.depart(browser, asked)
                canaries.append(state)
                let manner = LoopbackProvider.Manner.answering(
                    "400 Bad", body: #"{"error":"access-canary","error_description":"refresh-canary"}"#)
                provider.behave(attempt == 1 ? manner : .giving)
                for browser in [h.browser(), browser, browser] {
                    shown.append(try await h.providers.comeBack(browser, state: state).text)
                }
                shown.append(try await h.call(.get, asked.path).text)
                shown.append(try await h.call(.post, asked.path + "/result").text)
            }
            canaries += provider.tokenRequests.compactMap { request in
                request.range(of: "code_verifier=").map { String(request[$0.upperBound...].prefix(43)) }
            }
            h.clock.advance(by: 31)
            let handedOut = try await h.providers.exchange(token)
            #expect(handedOut.text.contains("access-canary-") && !handedOut.text.contains("refresh-canary"))
            provider.behave(.answering("500 Oops", body: "access-canary"))
            h.clock.advance(by: 90)
            shown.append(try await h.providers.exchange(token).text)
            let events = try await h.gatehouse.store.read { tx in
                try h.allElicitations(tx).compactMap { try tx.events.find(of: $0)?.event.payload }.map {
                    JSON.object($0).text
                }
            }
            #expect(events.count == 3)
            try h.gatehouse.store.close()
            let files = try FileManager.default.contentsOfDirectory(atPath: h.folder).filter { $0.contains("sqlite") }
            let stored = try files.map { try Data(contentsOf: URL(fileURLWithPath: h.folder + "/" + $0)) }
            #expect(!stored.isEmpty && canaries.count == 10)
            for canary in canaries {
                for bytes in stored { #expect(bytes.range(of: Data(canary.utf8)) == nil, "\(canary) is in a file") }
                #expect(!log.lines.contains { $0.contains(canary) }, "\(canary) is in the log")
                #expect(!(shown + events).contains { $0.contains(canary) }, "\(canary) was shown")
            }
            // The search itself works.
            #expect(stored.contains { $0.range(of: Data("files.example".utf8)) != nil })
            #expect(log.lines.contains { $0.contains("could not be connected") })
        }
        try await provider.stop()
    }
}

extension Harness {
    fileprivate func allElicitations(_ transaction: Transaction) throws -> [ElicitationID] {
        try transaction.elicitations.list(now: clock.now, limit: 100).compactMap { ElicitationID($0.id) }
    }
}
