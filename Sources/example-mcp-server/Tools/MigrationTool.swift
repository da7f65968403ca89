import JOSE
import ResourceServer

/// A tool that asks for missing arguments in a form, and for approval at the authorization server when production is affected.
enum MigrationTool {
    /// The arguments that a form asks for when a call lacks them, each with its permitted values.
    private static let choices: [(name: String, title: String, words: [String])] = [
        ("environment", "Environment", ["staging", "production"]), ("when", "When", ["now", "tonight"]),
    ]

    static func migrateDatabase(_ governance: Governance) -> Tool {
        Tool(
            name: "migrate_database", title: "Migrate a database",
            description:
                "Migrates a database. Asks for the environment and the time if they are missing, and for your approval in production.",
            inputSchema: [
                "type": "object", "required": ["database"],
                "properties": .object(
                    properties(of: choices.map(\.name), more: ["database": ["type": "string"]])),
            ],
            scopes: []
        ) { arguments, access, given in
            guard let database = arguments["database"]?.string, FileStore.isName(database) else {
                return .failure("Name the database with 1 to 64 letters, digits, dots, dashes and underscores.")
            }
            guard choices.allSatisfy({ choice in isAbsent(arguments[choice.name], orOneOf: choice.words) }) else {
                return .failure(wrongWords)
            }
            let missing = choices.map(\.name).filter { arguments[$0] == nil }
            switch given {
            case .reply(let reply):
                return await handle(reply, missing, arguments, access, governance)
            case .result(.approval):
                return migration(arguments, isApproved: true)
            case .result, nil:
                guard !missing.isEmpty else { return migration(arguments) }
                return await governance.recorded(.form(missing: missing, tool: "migrate_database"), for: access) {
                    .inquires(
                        .form(
                            message: "Choose where and when \(database) is migrated.",
                            schema: [
                                "type": "object", "required": .strings(missing),
                                "properties": .object(properties(of: missing)),
                            ]))
                }
            }
        }
    }

    /// Handles the reply to the form; the reply is recorded before anything happens because of it.
    private static func handle(
        _ reply: FormElicitationReply, _ missing: [String], _ arguments: JSONObject, _ access: Access,
        _ governance: Governance
    ) async -> Tool.Outcome {
        func recorded(_ answer: Checkpoint.Reply, _ act: () -> Tool.Outcome) async -> Tool.Outcome {
            await governance.recorded(
                .form(missing: missing, tool: "migrate_database", answer), for: access, act)
        }
        switch reply {
        case .accepted(let content):
            var (all, filled) = (arguments, JSONObject())
            for name in missing {
                filled[name] = content[name]
                all[name] = content[name]
            }
            let isUsable = choices.allSatisfy { choice in choice.words.contains(all[choice.name]?.string ?? "") }
            return await recorded(.accepted(path: isUsable ? all["environment"]?.string : nil)) {
                migration(all, given: filled)
            }
        case .declined: return await recorded(.declined) { .failure("You declined, so nothing was migrated.") }
        case .cancelled: return await recorded(.cancelled) { .failure("You closed the form, so nothing was migrated.") }
        case .written, .rejected, .unusable:
            return .failure("The app did not return the form, so nothing was migrated.")
        }
    }

    private static func migration(
        _ arguments: JSONObject, given: JSONObject = [:], isApproved: Bool = false
    ) -> Tool.Outcome {
        guard let database = arguments["database"]?.string, let place = arguments["environment"]?.string,
            let time = arguments["when"]?.string, choices[0].words.contains(place), choices[1].words.contains(time)
        else { return .failure(wrongWords) }
        guard place == "production", !isApproved else {
            return .text("Migrated \(database) in \(place), \(time == "now" ? "now" : "starting tonight").")
        }
        guard
            let action = try? ElicitationAction(
                name: "migrate_database", summary: "Migrate a database in production",
                details: [.init("Database", database), .init("When", time)], arguments: arguments.bytes)
        else { return .failure("The approval page cannot show these arguments.") }
        return .asks(.confirm(action, message: "Approve the migration of \(database) in production."), given: given)
    }

    private static let wrongWords = "Give staging or production as the environment and now or tonight as the time."

    private static func isAbsent(_ value: JSON?, orOneOf words: [String]) -> Bool {
        value == nil || words.contains(value?.string ?? "")
    }

    private static func properties(of names: [String], more: JSONObject = [:]) -> JSONObject {
        var properties = more
        for choice in choices where names.contains(choice.name) {
            properties[choice.name] = [
                "type": "string", "title": .string(choice.title), "enum": .strings(choice.words),
            ]
        }
        return properties
    }
}
