import AuthorizationServer

/// Compares the configuration that a server runs with and the one that its file, its environment and its flags say now.
struct ConfigurationCheck {
    let running: RunningConfiguration

    var findings: [Finding] {
        let present: ServerConfiguration
        do {
            present = try running.load()
        } catch {
            return [
                Finding(
                    "configuration", .problem,
                    "The configuration was changed and is invalid, so that the server would not start again: "
                        + Sentence.of(error))
            ]
        }
        let reloadable = running.current.reloadable(unlike: present)
        let fixed = running.started.fixed(unlike: present)
        var findings: [Finding] = []
        if !reloadable.isEmpty {
            findings.append(
                Finding(
                    "configuration", .warning,
                    "Changed since the last reload: \(reloadable.joined(separator: ", ")). Send SIGHUP to the server."))
        }
        if !fixed.isEmpty {
            findings.append(
                Finding(
                    "configuration", .warning,
                    "Changed since the start: \(fixed.joined(separator: ", ")). Restart the server, or undo the change."
                ))
        }
        return findings.isEmpty
            ? [Finding("configuration", .ok, "The server runs with the present configuration.")] : findings
    }
}
