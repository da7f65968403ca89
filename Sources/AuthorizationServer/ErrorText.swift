import Foundation
import Outbound

/// Turns any error into a sentence for an operator.
///
/// Gatehouse's own errors are sentences. The errors of libraries are written for programmers: they name types, functions,
/// statements and paths of the build machine.
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
                "an unexpected error of type \(Swift.type(of: error)); 'gatehouse doctor' checks the installation"
        }
    }

    private static func system(_ code: Int32) -> String {
        "the operating system refused: \(String(cString: strerror(code)))"
    }

    private static func file(_ error: CocoaError) -> String {
        let path = error.filePath ?? error.url?.path
        let place = path.map { "\($0) cannot be read or written" } ?? "a file cannot be read or written"
        guard let cause = error.underlying as? POSIXError else { return place }
        return "\(place): \(String(cString: strerror(cause.code.rawValue)))"
    }
}
