import NIOCore
import NIOHTTP1

/// Normalises request targets and HTTP/1.0 before the codec discards the information.
///
/// The host of a target in absolute form replaces the Host field (RFC 9112 §3.2.2); the codec would reduce
/// `http://elsewhere/token` to `/token`. A target in any other form loses its Host, so that `HostCheck` refuses it. An HTTP/1.0
/// request gets `Connection: close`, which its client expects, and loses `Expect`, which HTTP/1.0 does not have.
///
/// Spec: RFC 9112 §3.2.2
final class RequestTargetHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        if head.uri.utf8.first != UInt8(ascii: "/") {
            let target = AbsoluteTarget(head.uri)
            // Without exactly one Host field there is nothing to replace, and `HostCheck` refuses the request.
            if let target, head.headers["Host"].count == 1 {
                head.headers.replaceOrAdd(name: "Host", value: target.authority)
            } else {
                head.headers.remove(name: "Host")
            }
            head.uri = target?.path ?? "/"
        }
        if head.version == .http1_0 {
            head.headers.replaceOrAdd(name: "Connection", value: "close")
            head.headers.remove(name: "Expect")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}

/// A request target in absolute form.
struct AbsoluteTarget: Equatable {
    let authority: String
    /// The path with the query; `/` if the target has no path.
    let path: String

    init?(_ uri: String) {
        let bytes = Array(uri.utf8)
        let schemes = ["http://", "https://"].map { Array($0.utf8) }
        guard let scheme = schemes.first(where: { Self.starts(bytes, with: $0) }) else { return nil }
        let rest = bytes.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard !authority.isEmpty else { return nil }
        let path = rest.dropFirst(authority.count)
        self.authority = String(decoding: authority, as: UTF8.self)
        self.path = (path.first == UInt8(ascii: "/") ? "" : "/") + String(decoding: path, as: UTF8.self)
    }

    /// Whether the bytes begin with the scheme, compared without case.
    private static func starts(_ bytes: [UInt8], with scheme: [UInt8]) -> Bool {
        bytes.count > scheme.count
            && zip(bytes, scheme).allSatisfy { $0 == $1 || (0x41...0x5A ~= $0 && $0 | 0x20 == $1) }
    }
}
