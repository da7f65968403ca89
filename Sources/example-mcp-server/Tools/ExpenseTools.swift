import JOSE
import OAuth
import ResourceServer

/// Tools whose work continues in the background after the call has returned.
enum ExpenseTools {
    static func submitExpenses(at desk: ExpenseService) -> Tool {
        Tool(
            name: "submit_expenses", title: "Submit expenses",
            description: "Submits your expenses one by one in the background and returns immediately.",
            inputSchema: [
                "type": "object", "required": ["expenses"],
                "properties": [
                    "expenses": [
                        "type": "array", "minItems": 1, "maxItems": .integer(Int64(ExpenseService.maximumExpenses)),
                        "items": ["type": "string", "maxLength": .integer(Int64(ExpenseService.longestName))],
                    ]
                ],
            ],
            scopes: []
        ) { arguments, access, _ in
            guard let expenses = arguments["expenses"]?.strings, expenses.allSatisfy(isName),
                (1...ExpenseService.maximumExpenses).contains(expenses.count)
            else {
                return .failure(
                    "Give 1 to \(ExpenseService.maximumExpenses) expenses of at most \(ExpenseService.longestName) characters each."
                )
            }
            do throws(ElicitationError) {
                switch try await desk.submit(expenses, for: access) {
                case .refused(let sentence): return .failure(sentence)
                case .begun(let job):
                    let end = Timestamp(seconds: job.expiresAt).rfc3339
                    return .text(
                        "\(job.purpose): this runs in the background as job \(job.id), until \(end) at the latest. "
                            + "You can cancel it on your account page.")
                }
            } catch {
                return .failure("Nothing was submitted. \(error.description)")
            }
        }
    }

    static func listExpenses(at desk: ExpenseService) -> Tool {
        Tool(
            name: "list_expenses", title: "List expenses",
            description: "Lists your latest batch of expenses and whether each one is submitted.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: []
        ) { _, access, _ in
            guard let batch = await desk.batch(of: access.subject) else { return .text("No expenses found.") }
            let lines = batch.expenses.enumerated().map { index, expense in
                "\(expense): \(index < batch.submitted ? "submitted" : "not submitted")"
            }
            return .text((lines + [batch.end ?? "The job is running."]).joined(separator: "\n"))
        }
    }

    private static func isName(_ expense: String) -> Bool {
        (1...ExpenseService.longestName).contains(expense.unicodeScalars.count)
    }
}
