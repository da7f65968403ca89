import NIOCore
import NIOHTTP1

/// Says of a head what the codec behind would swallow.
///
/// A target in absolute form names its host itself, so that stands in for the Host field (RFC 9112 §3.2.2); the codec would
/// cut `http://elsewhere/token` down to `/token`. A target that is no path either loses its Host, so that `HostCheck`
/// refuses it. A request of HTTP/1.0 asks for the close that its client waits for, and never waits for `100 Continue`.
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
            // Two hosts stay two, and none is no host: both are refused.
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

/// A request's target in absolute form.
struct AbsoluteTarget: Equatable {
    let authority: String
    /// With the query, and `/` where the target had none.
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

    /// In upper or lower case.
    private static func starts(_ bytes: [UInt8], with scheme: [UInt8]) -> Bool {
        bytes.count > scheme.count
            && zip(bytes, scheme).allSatisfy { $0 == $1 || (0x41...0x5A ~= $0 && $0 | 0x20 == $1) }
    }
}
