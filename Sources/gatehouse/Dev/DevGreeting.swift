import JOSE
import OAuth

/// What a developer reads when a server for trying things has started.
struct DevGreeting {
    let folder: String
    let issuer: String
    let client: TestClient
    let password: Secret
    let server: PublishedServer?

    /// The password stands here once, and nowhere else.
    var text: String {
        let word = String(decoding: password.bytes, as: UTF8.self)
        var facts = [("sign in as", "\(DevSetup.user), password \(word) (until the next start)")]
        if let server {
            let name = server.metadata?.resource ?? server.url
            facts += [
                ("MCP server", name), ("its variables", "set -a; . \(ShellWord.quoted(folder + "/.env")); set +a"),
                ("call a tool", "gatehouse call \(ShellWord.quoted(name)) TOOL '{}'"),
            ]
        } else {
            facts.append(("an MCP server", "start again with its URL: gatehouse dev URL"))
        }
        facts += [
            ("test client", client.id),
            ("administer", "gatehouse users list --config \(ShellWord.quoted(folder + "/gatehouse.yaml"))"),
        ]
        let width = (facts.map(\.0.count).max() ?? 0) + 3
        let lines = facts.map { name, value in
            "  " + name + String(repeating: " ", count: width - name.count) + Terminal.sanitised(value)
        }
        let remark = server?.remark(issuer: issuer).map { ["", Terminal.sanitised($0)] } ?? []
        return
            (["Gatehouse for trying things is at \(issuer), for this machine only.", ""] + lines + remark + [
                "", "Press Control-C to stop. The data stays in \(folder); --fresh begins anew.",
            ]).joined(separator: "\n")
    }
}
