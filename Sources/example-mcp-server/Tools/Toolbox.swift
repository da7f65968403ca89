import JOSE
import OAuth
import ResourceServer

/// The tools of the server, and the one place where a call meets the scopes it needs.
struct Toolbox: Sendable {
    static let scopes = [
        ProtectedScope("files:read"), ProtectedScope("files:write", implies: ["files:read"], onRequest: true),
    ]

    let resource: ProtectedResource
    let tools: [Tool]

    /// Without a way to ask people there is no tool that needs it.
    init(
        resource: ProtectedResource, elicitations: Elicitations? = nil, cabinet: ServiceKeyStore = ServiceKeyStore(),
        upstream: Upstream? = nil, desk: PaymentService? = nil, expenses: ExpenseService? = nil,
        now: @escaping @Sendable () -> Int64
    ) {
        let shelf = FileStore()
        self.resource = resource
        var tools: [Tool] = [.serverTime(now), .listFiles(shelf), .writeFile(shelf)]
        if let elicitations {
            let governance = Governance(elicitations)
            tools += [.deleteFile(shelf), .storeKey(cabinet, elicitations), .signOut(Sessions(elicitations))]
            tools += [.reportChurn(shelf, governance), .migrateDatabase(governance)]
        }
        if let desk { tools.append(.pay(at: desk)) }
        if let expenses { tools += [.submitExpenses(at: expenses), .listExpenses(at: expenses)] }
        if let elicitations, let upstream { tools.append(.listPullRequests(upstream, elicitations)) }
        self.tools = tools
    }

    var json: JSON { .array(tools.map(\.json)) }

    /// What a request for a tool comes to before anything runs.
    enum Admission {
        case call(ToolCall)
        case answer(Answer)
    }

    /// Finds the tool, if the token allows it.
    func admit(_ request: JSONRPCRequest, _ access: Access) -> Admission {
        guard let tool = tools.first(where: { $0.name == request.parameters["name"]?.string }) else {
            return .answer(.failure(id: request.id, JSONRPCError(.invalidParameters, "There is no such tool.")))
        }
        do throws(Refusal) {
            try resource.demand(tool.scopes, of: access)
        } catch {
            return .answer(.refused(error))
        }
        return .call(ToolCall(tool: tool, request: request, access: access))
    }
}

extension Tool {
    fileprivate static func serverTime(_ now: @escaping @Sendable () -> Int64) -> Tool {
        Tool(
            name: "server_time", title: "Server time", description: "Tells what time it is at the server.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: []
        ) { _, _, _ in
            .text(Timestamp(seconds: now()).rfc3339)
        }
    }
}
