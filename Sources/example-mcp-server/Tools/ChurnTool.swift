import JOSE
import OAuth
import ResourceServer

/// A tool that has the client's model write a text (sampling) and puts the user's review of it on record.
enum ChurnTool {
    static func reportChurn(_ shelf: FileStore, _ governance: Governance) -> Tool {
        Tool(
            name: "report_churn", title: "Report churn",
            description:
                "Asks your app's model to summarize why customers left in a month, and files the summary that you approve.",
            inputSchema: [
                "type": "object", "required": ["month"],
                "properties": ["month": ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"]],
            ],
            scopes: ["files:write"]
        ) { arguments, access, given in
            guard let month = arguments["month"]?.string, month.utf8.count == 7, FileStore.isName(month) else {
                return .failure("Give the month as YYYY-MM, for example 2026-10.")
            }
            guard case .reply(let reply) = given else { return .inquires(summary(of: month)) }
            switch reply {
            case .written(let text, let model, let review):
                let moment = Checkpoint.sampling(
                    review, tool: "report_churn", model: model.flatMap { (try? ActionName($0))?.string })
                return await governance.recorded(moment, for: access) {
                    await file(text, about: month, review, on: shelf, for: access)
                }
            case .rejected:
                return await governance.recorded(.sampling(.rejected, tool: "report_churn"), for: access) {
                    .failure("The summary was rejected, so nothing was filed.")
                }
            case .accepted, .declined, .cancelled, .unusable:
                return .failure("The app returned no summary, so nothing was filed.")
            }
        }
    }

    private static func file(
        _ text: String, about month: String, _ review: Checkpoint.Review, on shelf: FileStore, for access: Access
    ) async -> Tool.Outcome {
        let name = "churn-\(month).txt"
        if let problem = await shelf.write(text, as: name, for: access.subject) { return .failure(problem) }
        return .text(
            "Filed \(name): the summary \(review == .edited ? "as you edited it" : "as the model wrote it").")
    }

    private static func summary(of month: String) -> FormElicitation {
        .sampling(
            prompt:
                "In \(month) 41 of 1,260 customers left: 19 named the price, 14 a missing export, 8 no reason. Summarize why they left.",
            system: "Write one paragraph for a board of directors. State facts only.", maximumTokens: 400)
    }
}

extension Governance {
    /// Runs `act` only after the checkpoint is recorded: no effect without its audit record.
    func recorded(
        _ checkpoint: Checkpoint, for access: Access, _ act: () async -> Tool.Outcome
    ) async -> Tool.Outcome {
        do throws(ElicitationError) {
            try await recordCheckpoint(checkpoint, for: access)
        } catch {
            return .failure("Nothing was done, because the audit record could not be written. \(error.description)")
        }
        return await act()
    }
}
