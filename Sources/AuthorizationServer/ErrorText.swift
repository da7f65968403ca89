import Foundation
import Outbound

/// What a person reads of an error, whoever threw it.
///
/// Gatehouse's own errors are sentences. Those of the libraries beneath are written for programmers: they name types, functions,
/// statements and the paths of the machine that built them.
package enum ErrorText {
    private static let ownModules = ["gatehouse", "JOSE", "OAuth", "Storage", "Outbound", "AuthorizationServer", "Web"]

    /// The error as a sentence or a part of one.
    package static func of(_ error: any Error) -> String {
        let type = String(reflecting: Swift.type(of: error))
        if ownModules.contains(where: { type.hasPrefix($0 + ".") }) { return "\(error)" }
        if let number = ConnectionErrors.systemNumber(of: error) { return system(number) }
        switch error {
        case let error as POSIXError: return system(error.code.rawValue)
        case let error as CocoaError: return file(error)
        default:
            return
                "something failed that has no sentence of its own (\(Swift.type(of: error))); 'gatehouse doctor' looks for "
                + "what is wrong"
        }
    }

    private static func system(_ code: Int32) -> String {
        "the system refused it: \(String(cString: strerror(code)))"
    }

    private static func file(_ error: CocoaError) -> String {
        let path = error.filePath ?? error.url?.path
        let place = path.map { "\($0) cannot be read or written" } ?? "a file cannot be read or written"
        guard let cause = error.underlying as? POSIXError else { return place }
        return "\(place): \(String(cString: strerror(cause.code.rawValue)))"
    }
}
