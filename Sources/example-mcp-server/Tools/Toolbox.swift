import JOSE
import OAuth
import ResourceServer

/// The tools of the server, and the one place that checks the scopes of a call.
struct Toolbox: Sendable {
    static let scopes = [
        ProtectedScope("files:read"), ProtectedScope("files:write", implies: ["files:read"], onRequest: true),
    ]

    let resource: ProtectedResource
    let tools: [Tool]

    /// Leaves out the tools whose service is nil.
    init(
        resource: ProtectedResource, elicitations: Elicitations? = nil, cabinet: ServiceKeyStore = ServiceKeyStore(),
        upstream: Upstream? = nil, desk: PaymentService? = nil, expenses: ExpenseService? = nil,
        now: @escaping @Sendable () -> Int64
    ) {
        let shelf = FileStore()
        self.resource = resource
        var tools: [Tool] = [ServerTimeTool.serverTime(now), FileTools.listFiles(shelf), FileTools.writeFile(shelf)]
        if let elicitations {
            let governance = Governance(elicitations)
            tools += [
                FileTools.deleteFile(shelf), KeyTool.storeKey(cabinet, elicitations),
                SignOutTool.signOut(Sessions(elicitations)), ChurnTool.reportChurn(shelf, governance),
                MigrationTool.migrateDatabase(governance),
            ]
        }
        if let desk { tools.append(PaymentTool.pay(at: desk)) }
        if let expenses {
            tools += [ExpenseTools.submitExpenses(at: expenses), ExpenseTools.listExpenses(at: expenses)]
        }
        if let elicitations, let upstream { tools.append(PullRequestTool.listPullRequests(upstream, elicitations)) }
        self.tools = tools
    }

    var json: JSON { .array(tools.map(\.json)) }

    /// The check of a call before its tool runs.
    enum Admission {
        case call(ToolCall)
        case answer(Answer)
    }

    /// Finds the tool and checks that the access token has its scopes.
    func admit(_ request: JSONRPCRequest, _ access: Access) -> Admission {
        guard let tool = tools.first(where: { $0.name == request.parameters["name"]?.string }) else {
            return .answer(.failure(id: request.id, JSONRPCError(.invalidParameters, "Tool not found.")))
        }
        do throws(Refusal) {
            try resource.demand(tool.scopes, of: access)
        } catch {
            return .answer(.refused(error))
        }
        return .call(ToolCall(tool: tool, request: request, access: access))
    }
}

/// A tool that any access token for this server may call.
enum ServerTimeTool {
    static func serverTime(_ now: @escaping @Sendable () -> Int64) -> Tool {
        Tool(
            name: "server_time", title: "Server time", description: "Returns the server's current time.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: []
        ) { _, _, _ in
            .text(Timestamp(seconds: now()).rfc3339)
        }
    }
}
