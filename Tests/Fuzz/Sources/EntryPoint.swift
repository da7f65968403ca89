import Foundation

/// What has to hold of one input; an input that breaks it ends the process.
typealias Property = @Sendable ([UInt8]) -> Void

private let properties: [String: Property] = [
    "address": address, "assertion": assertion, "base64url": base64URL, "client-id": clientID, "cookies": cookies,
    "credentials": credentials, "document": document, "form": form, "host": host, "json": json, "jwk": jwk, "jws": jws,
    "proof": proof, "redirect": redirect,
    "registration": registration, "remote-url": remoteURL, "resource": resource,
]

private let chosen: Property = {
    let name = ProcessInfo.processInfo.environment["FUZZ"] ?? ""
    guard let property = properties[name] else {
        print("Name what to fuzz in FUZZ: " + properties.keys.sorted().joined(separator: ", "))
        exit(2)
    }
    return property
}()

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Ends the process with a sentence when something does not hold.
func demand(_ holds: Bool, _ sentence: @autoclosure () -> String) {
    guard !holds else { return }
    try? FileHandle.standardError.write(contentsOf: Data("\(sentence())\n".utf8))
    abort()
}

/// The input as text, if it is one.
func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

/// The lines of the input, empty ones too.
func lines(_ bytes: [UInt8]) -> [[UInt8]] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
}
