import JOSE
import OAuth
import ResourceServer

/// Tools whose work goes on by itself when the call is over.
extension Tool {
    static func submitExpenses(at desk: ExpenseService) -> Tool {
        Tool(
            name: "submit_expenses", title: "Submit expenses",
            description: "Submits your expenses one after another, in the background. Answers at once.",
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
                    "Name 1 to \(ExpenseService.maximumExpenses) expenses, each in at most \(ExpenseService.longestName) characters."
                )
            }
            do throws(ElicitationError) {
                switch try await desk.take(expenses, for: access) {
                case .refused(let sentence): return .failure(sentence)
                case .begun(let job):
                    let end = Timestamp(seconds: job.expiresAt).rfc3339
                    return .text(
                        "\(job.purpose): that goes on in the background as job \(job.id), until \(end) at the latest. "
                            + "Its person can end it on the page of their account.")
                }
            } catch {
                return .failure("Nothing was submitted. \(error.description)")
            }
        }
    }

    static func listExpenses(at desk: ExpenseService) -> Tool {
        Tool(
            name: "list_expenses", title: "List expenses",
            description: "Lists the expenses that you gave last, and which of them are submitted.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: []
        ) { _, access, _ in
            guard let batch = await desk.batch(of: access.subject) else { return .text("There are no expenses.") }
            let lines = batch.expenses.enumerated().map { index, expense in
                "\(expense): \(index < batch.submitted ? "submitted" : "not submitted")"
            }
            return .text((lines + [batch.end ?? "The work goes on."]).joined(separator: "\n"))
        }
    }

    private static func isName(_ expense: String) -> Bool {
        (1...ExpenseService.longestName).contains(expense.unicodeScalars.count)
    }
}
