import AuthorizationServer
import Foundation
import NIOCore
import Storage
import TestSupport
import Testing

@testable import gatehouse

@Suite("Errors of libraries")
struct ErrorTextTests {
    @Test func `errors of libraries are rewritten, and Gatehouse's own errors stay unchanged`() {
        let errors: [(any Error, String)] = [
            (CommandError("It is refused."), "It is refused."), (StoreError.busy, "the database is busy; try again"),
            (
                IOError(errnoCode: EACCES, reason: "bind(descriptor:)"),
                "the operating system refused: Permission denied"
            ),
            (POSIXError(.ENOSPC), "the operating system refused: No space left on device"),
            (
                CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "/srv/x"]),
                "/srv/x cannot be read or written"
            ),
            (CocoaError(.fileReadUnknown), "a file cannot be read or written"),
        ]
        for (error, text) in errors { #expect(ErrorText.of(error) == text) }
        let unknown = ErrorText.of(ChannelError.eof)
        #expect(unknown.contains("of type ChannelError") && unknown.contains("'gatehouse doctor'"))
    }

    @Test func `the doctor explains an untrusted certificate of the issuer without the library's text`() async throws {
        try await Stage.play { stage in
            let files = try TestAuthority.shared.get().files(of: "localhost")
            let gatehouse = try await RunningGatehouse.start(
                on: stage, scheme: "https",
                settings: "tls: { certificate: \"\(files.certificate)\", key: \"\(files.key)\" }")
            let run = try await gatehouse.command(["doctor"])
            let output = run.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(run.status == 1)
            #expect(
                output.contains("TLS failed: the certificate is not signed by a trusted authority. Replace"))
            for word in ["BoringSSL", "NIOSSL", ".cc", "checkouts"] { #expect(!output.contains(word), "\(output)") }
        }
    }
}
