import AuthorizationServer
import Foundation
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

/// Registers ten clients over and over: a few thousand times here, a million times when `SOAK` is set.
@Suite("Registration in the long run")
struct RegistrationSoakTests {
    private static let isLong = ProcessInfo.processInfo.environment["SOAK"] != nil
    private static let slices = 10
    private static let perSlice = isLong ? 100_000 : 500

    @Test func `a million registrations of ten public shapes leave ten rows and a database that does not grow`()
        async throws
    {
        try await Harness.run { h in
            let endpoint = h.gatehouse.registration
            let shapes = (0..<10).map { Harness.registration(["client_name": .string("Desk \($0)")]).bytes }
            var pages: [Int64] = []
            for slice in 0..<Self.slices {
                let started = ContinuousClock.now
                for number in 0..<Self.perSlice {
                    // The limit of the network grows by ten requests a second.
                    if number % 10 == 0 { h.clock.advance(by: 1) }
                    _ = try await endpoint.register(
                        shapes[number % 10], authorization: nil, address: "203.0.113.\(number % 250)")
                }
                let each = (ContinuousClock.now - started) / Self.perSlice
                if Self.isLong { print("registrations \(slice + 1) of \(Self.slices): \(each) each") }
                pages.append(
                    try await h.gatehouse.store.read { transaction in
                        try transaction.first("PRAGMA page_count") { try $0.integer(0) } ?? 0
                    })
            }
            #expect(try await h.dynamicClients().count == 10)
            #expect(Set(pages).count == 1, "\(pages)")
        }
    }
}
