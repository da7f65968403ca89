import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import Testing

@testable import Outbound

@Suite("Why a connection failed, in words")
struct ConnectionErrorTests {
    private static func good(_ request: String) -> LoopbackServer.Reply {
        LoopbackServer.http("200 OK", body: "{}")
    }

    /// The description of a failed call, which must be readable and free of library internals.
    private static func said(of url: String, trusting roots: TrustRoots) async throws -> String {
        let error = await #expect(throws: OutboundFailure.self) {
            try await OperatorClient(roots: roots, deadline: .seconds(60)).get(try RemoteURL(operator: url))
        }
        let text = try #require(error).description
        for mark in ["/", "BoringSSL", "NIO", "Error", "errno", "OPENSSL", "(", "_"] {
            #expect(!text.contains(mark), "\(text)")
        }
        return text
    }

    @Test func `each TLS failure has its own sentence`() async throws {
        let authority = try TestAuthority.roots()
        let good = try await LoopbackServer.start(tls: TestAuthority.server("localhost"), answer: Self.good)
        let other = try await LoopbackServer.start(tls: TestAuthority.server("client.example"), answer: Self.good)
        let plain = try await Self.blurting("HTTP/1.1 400 Bad Request\r\n\r\n")
        let old = try await LoopbackServer.start(
            tls: TestAuthority.server("localhost", from: .tlsv1, to: .tlsv11), answer: Self.good)
        let silent = try await Self.blurting("")
        let cases: [(Int, String, TrustRoots, String)] = [
            (good.port, "localhost", .system, "the certificate is not signed by a trusted authority"),
            (other.port, "localhost", authority, "the certificate is for another name"),
            (other.port, "127.0.0.1", authority, "the certificate is for another name"),
            (plain, "localhost", authority, "the server does not speak TLS on this port"),
            (old.port, "localhost", authority, "the server supports neither TLS 1.2 nor 1.3"),
            (silent, "localhost", authority, "the server closed the connection during the handshake"),
        ]
        for (port, name, roots, sentence) in cases {
            let said = try await Self.said(of: "https://\(name):\(port)/x", trusting: roots)
            #expect(said == "TLS failed: \(sentence)")
        }
        let heard = [good, other, old].flatMap(\.requests)
        #expect(heard.isEmpty)
    }

    /// The port of a server that says one thing to whatever it hears first, and hangs up.
    private static func blurting(_ text: String) async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Blurter(text))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return channel.localAddress?.port ?? 0
    }

    @Test func `an expired certificate is distinguished from one of an unknown authority and its date named`()
        async throws
    {
        let files = try ExpiredCertificate()
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem))))
        let server = try await LoopbackServer.start(tls: context, answer: Self.good)
        let error = await #expect(throws: OutboundFailure.self) {
            try await OperatorClient(roots: TestAuthority.roots(), deadline: .seconds(60))
                .get(try RemoteURL(operator: "https://localhost:\(server.port)/x"))
        }
        #expect(error?.description == "TLS failed: the certificate expired on 2020-01-02")
        let certificate = try #require(PeerCertificate(file: files.certificate))
        let early = ConnectionErrors.untrusted(Refused(), certificate: certificate, now: 1_000_000_000)
        #expect(early == "the certificate is not valid before 2020-01-01")
        #expect(ConnectionErrors.untrusted(Refused(), certificate: nil, now: 0).contains("a trusted authority"))
        #expect(ConnectionErrors.untrusted(Unheard(), certificate: nil, now: 0) == "the handshake failed")
    }

    @Test func `a refused connection has the system's text`() async throws {
        let closed = try await LoopbackServer.start(answer: Self.good)
        try await closed.stop()
        let error = await #expect(throws: OutboundFailure.self) {
            try await OperatorClient(deadline: .seconds(60)).get(
                try RemoteURL(operator: "http://127.0.0.1:\(closed.port)/x"))
        }
        #expect(error?.description == "no connection: connection refused")
        #expect(ConnectionErrors.unreachable(ChannelError.connectTimeout(.seconds(2))) == "it did not answer in time")
        #expect(ConnectionErrors.unreachable(Unheard()) == "it could not be reached")
    }

    @Test func `a response that is not HTTP is described without the parser's names`() async throws {
        let port = try await Self.blurting("SSH-2.0-OpenSSH_9.2\r\n")
        let error = await #expect(throws: OutboundFailure.self) {
            try await OperatorClient(deadline: .seconds(60)).get(
                try RemoteURL(operator: "http://127.0.0.1:\(port)/x"))
        }
        #expect(error?.description == "the response is not HTTP/1.1: it does not begin with a status line")
    }

    private struct Refused: Error, CustomStringConvertible {
        let description =
            "[Error: 268435581 error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at /b/x.cc:1]"
    }

    private struct Unheard: Error {}
}

/// A certificate for `localhost` by the tests' authority that was good for the first day of 2020.
private struct ExpiredCertificate {
    private let folder: TemporaryFolder
    var certificate: String { folder.path + "/expired.pem" }
    let key: String

    init() throws {
        folder = try TemporaryFolder()
        let authority = try TestAuthority.shared.get()
        key = authority.files(of: "localhost").key
        try folder.write("", to: "index.txt")
        try folder.write("01", to: "serial")
        let configuration = try folder.write(
            """
            [ca]
            default_ca = it
            [it]
            database = \(folder.path)/index.txt
            serial = \(folder.path)/serial
            new_certs_dir = \(folder.path)
            certificate = \(authority.file)
            private_key = \(authority.directory)/ca.key
            default_md = sha256
            policy = any
            x509_extensions = names
            [any]
            commonName = supplied
            [names]
            subjectAltName = DNS:localhost,IP:127.0.0.1
            """, to: "ca.cnf")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = [
            "ca", "-batch", "-config", configuration, "-in", "\(authority.directory)/localhost.csr", "-out",
            folder.path + "/expired.pem", "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-notext",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw StageFailure("openssl made no expired certificate") }
    }
}

private final class Blurter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let text: String

    init(_ text: String) {
        self.text = text
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
            .whenComplete { _ in channel.close(promise: nil) }
    }
}
