import Foundation
import JOSE
import OAuth

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A form is read as everybody else would read it, or refused.
let form: Property = { bytes in
    guard let parameters = try? Parameters(form: bytes) else { return }
    var reference: [[UInt8]: [String]] = [:]
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
        let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = decoded(halves[0]), let value = decoded(halves.dropFirst().first ?? []) else {
            return demand(false, "\(text(Array(pair)) ?? "\(pair)") is not form-encoded")
        }
        reference[Array(name.utf8), default: []].append(value)
    }
    for (name, values) in reference {
        let name = String(decoding: name, as: UTF8.self)
        let filled = values.filter { !$0.isEmpty }
        let found = parameters.values(name)
        demand(found.map { Array($0.utf8) } == filled.map { Array($0.utf8) }, "\(name) is \(found), not \(filled)")
        let single = try? parameters.value(name)
        demand(values.count > 1 ? single == nil : single == filled.first, "\(name) is taken for single")
        for value in values {
            demand(PercentEncoding.decode(PercentEncoding.encode(value))?.utf8.elementsEqual(value.utf8) == true, value)
        }
    }
}

/// Bytes that stand for themselves may be mixed with escaped ones, even within one character.
private func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
    let escaped = bytes.map { byte in
        switch byte {
        case UInt8(ascii: "+"): " "
        case 0x80...: "%" + String(byte, radix: 16)
        default: String(UnicodeScalar(byte))
        }
    }
    return escaped.joined().removingPercentEncoding
}

/// Where an answer goes is what another parser reads too, and never away from what is registered but by a port.
let redirect: Property = { bytes in
    let lines = lines(bytes).compactMap(text)
    let registered = lines.compactMap { try? RedirectURI($0) }
    for uri in registered {
        let other = agreed(uri.string)
        demand(other.fragment == nil && other.user == nil && other.password == nil, uri.string)
        demand(other.host.map(bare)?.lowercased() == uri.host.map(bare)?.lowercased(), "host of \(uri.string)")
        let answers = ["code", "state", "iss", "error"]
        let names = (other.queryItems ?? []).map { $0.name.prefix { $0 != "[" }.lowercased() }
        demand(!names.contains(where: answers.contains), "answers in \(uri.string)")
        let name = bare(uri.host ?? "")
        demand((uri.kind == .loopback) == (other.scheme == "http"), "kind of \(uri.string)")
        demand(!uri.isLoopback || ["localhost", "127.0.0.1", "::1"].contains(name), "loopback of \(uri.string)")
    }
    guard let requested = lines.first, let first = registered.dropFirst().first,
        let verified = RedirectRule.verify(requested, registered: [first], localhostAnyPort: true)
    else { return }
    demand(verified.uri.string.utf8.elementsEqual(requested.utf8), "\(requested) became \(verified.uri)")
    guard !requested.utf8.elementsEqual(first.string.utf8) else { return }
    var (one, other) = (agreed(requested), agreed(first.string))
    demand(one.scheme == "http" && verified.uri.isLoopback, "\(requested) for \(first)")
    (one.port, other.port) = (nil, nil)
    demand(one == other, "\(requested) for \(first)")
}

/// Resource identifiers and issuers are what another parser reads, and matching does not depend on the spelling.
let resource: Property = { bytes in
    guard let text = text(bytes) else { return }
    if let issuer = try? Issuer(text) {
        let other = agreed(text)
        demand(other.host.map(bare) == bare(issuer.host) && other.path == issuer.path, text)
        demand((other.port ?? (issuer.isHTTPS ? 443 : 80)) == issuer.port, text)
        demand(other.query == nil && other.fragment == nil && other.user == nil, text)
    }
    guard let identifier = try? ResourceIdentifier(text) else { return }
    let other = agreed(text)
    demand(other.host.map(bare)?.lowercased() == bare(identifier.host), "host of \(text)")
    demand(other.user == nil && other.fragment == nil && other.percentEncodedPath == identifier.path, text)
    guard let plain = try? ResourceIdentifier(identifier.comparable) else {
        return demand(false, "\(identifier.comparable) is refused")
    }
    demand(plain.comparable == identifier.comparable && plain.matches(identifier), "\(text) does not match itself")
}

/// Whatever a document says, answers go to the web under TLS or to this machine.
let document: Property = { bytes in
    guard let expected = try? ClientID("https://client.example/oauth/metadata.json"),
        let document = try? ClientMetadataDocument.parse(bytes, expected: expected)
    else { return }
    let metadata = document.metadata
    demand(!metadata.redirectURIs.isEmpty && metadata.redirectURIs.allSatisfy { $0.kind != .privateUse }, "places")
    let links = [metadata.uri, metadata.logoURI, metadata.termsURI, metadata.policyURI].compactMap { $0 }
    demand(links.allSatisfy { agreed($0).scheme == "https" }, "links \(links)")
    demand(metadata.authMethod == .none, "a secret")
    demand(DisplayName(metadata.name)?.string.utf8.elementsEqual(metadata.name.utf8) ?? false, "name \(metadata.name)")
    guard let object = try? JSONObject(parsing: bytes, limits: .init(bytes: 65_536)),
        let again = try? ClientMetadataDocument.parse(object.bytes, expected: expected)
    else { return demand(false, "refused when written anew") }
    demand(again.securityDigest == document.securityDigest, "another digest")
}

/// A client identifier is plain ASCII, and as a URL what another parser reads.
let clientID: Property = { bytes in
    guard let text = text(bytes), let client = try? ClientID(text) else { return }
    demand(text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, text)
    guard let host = client.documentHost else { return }
    let other = agreed(text)
    demand(other.scheme == "https" && other.host.map(bare) == bare(host), "host of \(text)")
    demand(other.user == nil && other.fragment == nil && other.port != 443, text)
    demand(!other.percentEncodedPath.isEmpty, text)
}

/// Everything that we hand out and read back has one spelling.
let credentials: Property = { bytes in
    guard let text = text(bytes) else { return }
    func isSame(_ other: String?) { demand(other?.utf8.elementsEqual(bytes) ?? true, "\(text) is also \(other ?? "")") }
    if let token = RefreshToken(text) {
        isSame(token.reveal())
        demand(!token.isAuthentic(key: [UInt8](repeating: 7, count: 32)), "\(text) is a forgery")
    }
    isSame(AuthorizationCode(text)?.reveal())
    if let session = SessionID(text) { isSame(SessionID(bytes: session.bytes)?.string) }
    if let time = Timestamp(rfc3339: text) { demand(Timestamp(rfc3339: time.rfc3339) == time, "\(text) is \(time)") }
    isSame((try? CodeVerifier(text))?.reveal())
    isSame((try? CodeChallenge(text))?.string)
    if let scopes = try? ScopeSet(parsing: text) {
        demand((try? ScopeSet(parsing: scopes.string))?.scopes == scopes.scopes, "scopes \(text)")
    }
    basic(text)
}

private func basic(_ text: String) {
    let header = String(text.drop { $0 == " " })
    guard let parameters = try? Parameters(query: ""),
        let client = try? PresentedClient(parameters, authorization: header), case .basic(let id, let secret) = client
    else { return }
    demand(header.lowercased().hasPrefix("basic "), header)
    guard let bytes = Data(base64Encoded: header.dropFirst(6).trimmingCharacters(in: .init(charactersIn: " "))),
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let name = decoded(Array(bytes[..<colon])[...]),
        let rest = decoded(Array(bytes[(colon + 1)...])[...])
    else { return demand(false, "\(header) is no base64") }
    demand(name == id.string && ConstantTime.equal(Array(rest.utf8), Array(secret.reveal().utf8)), header)
}

/// What Foundation makes of a URL that we accepted.
func agreed(_ text: String) -> URLComponents {
    guard let components = URLComponents(string: text, encodingInvalidCharacters: false) else {
        demand(false, "Foundation refuses \(text)")
        return URLComponents()
    }
    if let host = components.host, host.hasPrefix("[") {
        demand(isIPv6(bare(host)), "no address in \(text)")
    }
    return components
}

private func isIPv6(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET6, text, &address) == 1
}

/// A host without the brackets of an IPv6 literal.
func bare(_ host: String) -> String { host.replacing("[", with: "").replacing("]", with: "") }
