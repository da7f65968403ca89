import ArgumentParser
import AuthorizationServer
import JOSE
import OAuth
import Testing

@testable import gatehouse

@Suite("Commands about the device grant")
struct DeviceCommandTests {
    private func draft(_ arguments: [String]) throws -> ClientDraft? {
        let configuration = try ServerConfiguration.load(file: nil)
        guard case .clients(.add(let draft)) = try Clients.Add.parse(arguments).request(configuration) else {
            return nil
        }
        return draft
    }

    @Test func `clients add --device needs no redirect URI, and --service excludes it`() throws {
        #expect(try draft(["--name", "Tool", "--device"])?.usesDevice == true)
        #expect(try draft(["--name", "Tool", "--device"])?.redirectURIs == [])
        #expect(try draft(["--name", "Tool", "--redirect-uri", "https://a.example/cb"])?.usesDevice == false)
        #expect(throws: (any Error).self) { try Clients.Add.parse(["--name", "Tool"]) }
        #expect(throws: (any Error).self) {
            try Clients.Add.parse([
                "--name", "Tool", "--device", "--service", "--resource", "https://a.example", "--scope", "a",
            ])
        }
    }

    @Test func `clients allow --device and resources policy --device or --no-device reach the server`() async throws {
        let configuration = try ServerConfiguration.load(file: nil)
        guard
            case .clients(.allow(let name, let audience, let device)) = try Clients.Allow.parse([
                "app.example", "--device",
            ]).request(configuration)
        else {
            Issue.record("another request")
            return
        }
        #expect(name == "app.example" && !audience && device)
        for (flag, value) in [("--device", true), ("--no-device", false)] {
            let request = try await ResourcePolicyCommand.parse(["res", flag]).request(configuration)
            guard case .resources(.policy(_, let change, _)) = request else {
                Issue.record("another request")
                return
            }
            #expect(change.settings["device_grant"] == [value ? "yes" : "no"])
        }
        guard
            case .resources(.policy(_, let change, _)) = try await ResourcePolicyCommand.parse(["res"]).request(
                configuration)
        else { return }
        #expect(change.isEmpty, "a policy without a flag is only shown")
    }

    @Test func `a registered client shows whether it may begin on a device`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let added = try await gatehouse("clients", "add", "--id", "tool", "--name", "Tool", "--device")
            #expect(added.status == 0, "\(added.errors)")
            let shown = try await gatehouse("clients", "show", "tool", "--json").json().object
            #expect(shown?["device_grant"] == true && shown?["redirect_uris"] == [])
            _ = try await gatehouse(
                "clients", "add", "--id", "web", "--name", "Web", "--redirect-uri", "https://a.example/cb")
            #expect(try await gatehouse("clients", "show", "web", "--json").json().object?["device_grant"] == false)
            let allowed = try await gatehouse("clients", "allow", "web", "--device")
            #expect(allowed.status == 0, "\(allowed.errors)")
            #expect(try await gatehouse("clients", "show", "web", "--json").json().object?["device_grant"] == true)
            let rules = try await gatehouse("clients", "rules", "list", "--json").json().array?.first?.object
            #expect(rules?["device_grant"] == true)
            let record = try await gatehouse("audit", "tail", "--json", "--action", "client.allowed").json()
                .array?.first?.object
            #expect(record?["reason"] == "with device grant")
        }
    }
}
