import Glibc

/// The service manager that started this process, such as systemd, and what it is told: `sd_notify`, without its library.
struct ServiceManager: Sendable {
    /// What this process does.
    enum State {
        case ready
        /// It reads its configuration again; `ready` follows.
        case reloading
        case stopping
    }

    /// Why the service manager did not hear of a state.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The socket of the service manager. A path that begins with `@` has no file (an abstract address). Nil if nobody listens.
    private let socket: String?

    init(socket: String?) { self.socket = socket.flatMap { $0.isEmpty ? nil : $0 } }

    /// The service manager that the environment of this process names.
    static let ofThisProcess = ServiceManager(socket: getenv("NOTIFY_SOCKET").map { String(cString: $0) })

    /// Says what this process does; does nothing if no service manager listens.
    func say(_ state: State) throws(Failure) {
        guard let socket else { return }
        let text =
            switch state {
            case .ready: "READY=1"
            // systemd compares the time with that of other messages, so that a slow one is not taken for a new reload.
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)"
            case .stopping: "STOPPING=1"
            }
        guard Self.send(Array(text.utf8), to: socket) else {
            throw Failure(
                description: "cannot reach the service manager at NOTIFY_SOCKET: \(String(cString: strerror(errno)))")
        }
    }

    private static var monotonicMicroseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }

    /// Sends one datagram, and returns whether it was taken; `errno` has the cause otherwise.
    private static func send(_ message: [UInt8], to socket: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socket.utf8)
        let isAbstract = name.first == UInt8(ascii: "@")
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard isAbstract || name.first == UInt8(ascii: "/"), name.count < room else {
            errno = EINVAL
            return false
        }
        // The name of an abstract address begins with NUL and ends with the length, that of a file ends with NUL.
        if isAbstract { name[0] = 0 } else { name.append(0) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length) == message.count
            }
        }
    }
}
