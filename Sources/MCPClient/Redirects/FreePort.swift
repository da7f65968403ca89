import Foundation

/// A port on 127.0.0.1 that was free when `find` returned.
package enum FreePort {
    /// Finds a port; another program can take it before its finder does.
    package static func find() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let found = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard descriptor >= 0, found else {
            throw ClientFailure("The system gave no free port on 127.0.0.1.")
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
