import AuthorizationServer
import Foundation
import Glibc
import JOSE
import Outbound

/// Prints the records of the audit trail as JSON lines, each at least once, from a cursor on.
///
/// A page is printed first and the cursor stored after it, so that a follower that is killed in between prints the page again. A
/// server that stops or is killed is waited for.
struct AuditFollower {
    let route: AdministrationRoute
    let selection: AuditSelection
    let place: CursorPlace
    /// The number of earlier records to begin with if there is no cursor.
    let count: Int
    /// Whether to wait for further records at the end.
    let isEndless: Bool

    /// The records of one request.
    private static let page = 500
    /// The time between two requests at the end of the trail.
    private static let interval = Duration.milliseconds(500)

    func run() async throws {
        var start = try place.start(orLast: count)
        var isAway = false
        var hasAnswered = false
        OutputLines.endTornLine()
        while true {
            guard let answer = try await page(from: start, again: hasAnswered) else {
                if !isAway { Terminal.printError("No server answers. Waiting for it; nothing is lost.") }
                isAway = true
                try await Task.sleep(for: Self.interval)
                continue
            }
            isAway = false
            hasAnswered = true
            try OutputLines.write(answer.rows)
            let next = AuditStart.behind(answer.next ?? "")
            let isAtEnd = next == start
            if next != start { try place.store(answer.next ?? "") }
            start = next
            guard isAtEnd else { continue }
            guard isEndless else { return }
            try await Task.sleep(for: Self.interval)
        }
    }

    /// The next page; nil if no server answers and the follower waits for one.
    private func page(from start: AuditStart, again: Bool) async throws -> AdministrationAnswer? {
        let request = AdministrationRequest.audit(.follow(selection, from: start, limit: Self.page))
        guard isEndless else { return try await route.send(request) }
        do {
            // Never without a server: the lock on the data directory would keep one from starting.
            return try await route.sendToServer(request)
        } catch AdministrationClientError.broken {
            return nil
        } catch AdministrationClientError.silent {
            return nil
        } catch AdministrationClientError.notPermitted where again {
            // A server that starts opens its socket to others last.
            return nil
        } catch let error as AdministrationError where error.kind == .unavailable {
            return nil
        }
    }
}

/// Where a follower begins, and where it stores how far it came.
enum CursorPlace {
    /// No cursor: it begins with the latest records and stores nothing.
    case none
    /// A cursor as an argument.
    case given(String)
    /// A file with the cursor, which is created if it does not exist.
    case file(String)

    /// A cursor if the argument is one, otherwise the path of a file.
    init(_ argument: String?) {
        guard let argument else {
            self = .none
            return
        }
        self = AuditCursor(argument) == nil ? .file(argument) : .given(argument)
    }

    /// Where to begin; a file that does not exist stands for the beginning of the trail.
    func start(orLast count: Int) throws -> AuditStart {
        switch self {
        case .none: return .last(count)
        case .given(let text): return .behind(text)
        case .file(let path):
            guard FileManager.default.fileExists(atPath: path) else { return .behind("") }
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw CommandError("Cannot read the cursor file \(path). Check that you may read it.")
            }
            let cursor = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard cursor.isEmpty || AuditCursor(cursor) != nil else {
                throw CommandError(
                    "\(path) does not contain a cursor. Name the file that an earlier 'audit tail --cursor' wrote, or a new one."
                )
            }
            return .behind(cursor)
        }
    }

    /// Stores a cursor; the file is replaced as a whole, so that a kill leaves the old one or the new one.
    func store(_ cursor: String) throws {
        guard case .file(let path) = self else { return }
        let draft = path + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.unwritable(path) }
        let bytes = Array((cursor + "\n").utf8)
        let isWritten = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count
        guard isWritten, fsync(descriptor) == 0, close(descriptor) == 0, rename(draft, path) == 0 else {
            throw Self.unwritable(path)
        }
    }

    private static func unwritable(_ path: String) -> CommandError {
        CommandError(
            "Cannot write the cursor file \(path): \(String(cString: strerror(errno))). The last records were printed and will be "
                + "printed again.")
    }
}

/// Writes JSON lines to standard output and fails if they do not get there.
enum OutputLines {
    /// Ends the line in which an earlier follower was killed, so that the next one begins at its own.
    static func endTornLine() {
        var status = stat()
        guard fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return }
        var last: UInt8 = 0
        // A file that is open for writing alone cannot be read through its descriptor.
        let file = open("/proc/self/fd/\(STDOUT_FILENO)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        guard pread(file, &last, 1, status.st_size - 1) == 1, last != UInt8(ascii: "\n") else { return }
        _ = Glibc.write(STDOUT_FILENO, "\n", 1)
    }

    static func write(_ rows: [JSONObject]) throws {
        guard !rows.isEmpty else { return }
        var bytes: [UInt8] = []
        for row in rows { bytes += row.bytes + [UInt8(ascii: "\n")] }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw CommandError("Cannot write to standard output: \(String(cString: strerror(errno))).")
            }
            rest = rest.dropFirst(count)
        }
        // A file keeps the lines through a power cut, before the cursor says so; a pipe has nothing to sync.
        _ = fsync(STDOUT_FILENO)
    }
}
