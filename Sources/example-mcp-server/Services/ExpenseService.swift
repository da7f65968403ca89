import JOSE
import Logging
import ResourceServer

/// Submits people's expenses one after another when nobody is calling any more: in a job of the session that they were
/// given in, and each only after the authorization server has said yes.
actor ExpenseService {
    /// The name by which an operator of the authorization server lists what this server starts by itself.
    static let action = "expenses.submit"
    static let maximumPeople = 1000
    static let maximumExpenses = 50
    static let longestName = 100
    private static let lifetime: Int64 = 3600
    /// So often in a row there may be no answer; what is asked for goes on when there is one again.
    private static let mostFaults = 5

    /// The expenses that a person gave last, and how far they are.
    struct Batch: Sendable {
        let expenses: [String]
        fileprivate(set) var submitted = 0
        /// Why nothing goes on; nil while it does.
        fileprivate(set) var end: String?
    }

    /// What came of giving expenses.
    enum Receipt: Sendable {
        case begun(Job)
        /// Nothing begins, for this reason.
        case refused(String)
    }

    private let elicitations: Elicitations
    private let governance: Governance
    private let pace: Duration
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private var batches: [String: Batch] = [:]

    /// - Parameter pace: how long it rests before each expense.
    init(
        _ elicitations: Elicitations, pace: Duration, now: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        self.elicitations = elicitations
        governance = Governance(elicitations)
        self.pace = pace
        self.now = now
        self.logger = logger
    }

    /// What a person gave last.
    func batch(of subject: String) -> Batch? { batches[subject] }

    /// Opens the job while the person's token is at hand, and begins.
    func take(_ expenses: [String], for access: Access) async throws(ElicitationError) -> Receipt {
        let subject = access.subject
        let earlier = batches[subject]
        guard earlier == nil || earlier?.end != nil else {
            return .refused("Your last expenses are being submitted; wait until they are.")
        }
        guard earlier != nil || batches.count < Self.maximumPeople else {
            return .refused("Too many people wait here.")
        }
        // Written down before the question, so that of two calls at once one begins.
        batches[subject] = Batch(expenses: expenses)
        do throws(ElicitationError) {
            let purpose = expenses.count == 1 ? "Submit one expense" : "Submit \(expenses.count) expenses"
            let job = try await governance.openJob(
                [Self.action], purpose: purpose, until: now() + Self.lifetime, for: access)
            Task { await work(in: job, for: subject) }
            return .begun(job)
        } catch {
            batches[subject] = earlier
            throw error
        }
    }

    /// From here on nobody is there: only the job's id is kept, and it opens nothing without this server's own credentials.
    private func work(in job: Job, for subject: String) async {
        let expenses = batches[subject]?.expenses ?? []
        for (index, expense) in expenses.enumerated() {
            if let obstacle = await submit(expense, number: index + 1, in: job) {
                logger.notice("Stopped job \(job.id) after \(index) of \(expenses.count) expenses: \(obstacle)")
                batches[subject]?.end = obstacle
                return
            }
            logger.notice("Submitted expense \(index + 1) of \(expenses.count) in job \(job.id)")
            batches[subject]?.submitted = index + 1
        }
        // Should it not be heard, the job ends at its time.
        _ = try? await governance.endJob(job.id)
        batches[subject]?.end = "All of them are submitted."
    }

    /// Asks right before the act; nil when it was done, else why not.
    private func submit(_ expense: String, number: Int, in job: Job) async -> String? {
        guard let action = Self.action(of: expense, number: number) else { return "It cannot be described." }
        var faults = 0
        while true {
            try? await Task.sleep(for: pace)
            do throws(ElicitationError) {
                switch try await governance.evaluate(action, on: .job(job.id)) {
                // Here a real server would hand the expense on.
                case .allowed: return nil
                case .denied(nil): return "The authority for it is over."
                case .denied(let reason?): return "It was denied (\(reason))."
                case .approvalRequired(let asked):
                    guard try await isApproved(asked) else { return "Its person did not approve it." }
                }
                faults = 0
            } catch {
                faults += 1
                guard faults < Self.mostFaults else { return error.description }
            }
        }
    }

    /// Waits for the person, who finds the question on the page of their account.
    private func isApproved(_ asked: Elicitation) async throws(ElicitationError) -> Bool {
        logger.notice("An expense waits for the approval of its person")
        var asked = asked
        while !asked.status.isFinal { asked = try await elicitations.status(of: asked.id, waiting: 25) }
        return asked.status == .completed
    }

    private static func action(of expense: String, number: Int) -> ServerAction? {
        let arguments: JSONObject = ["expense": .string(expense)]
        var action = try? ServerAction(
            name: Self.action, resourceType: "expense", resourceID: "\(number)", arguments: arguments.bytes)
        action?.summary = "Submit the expense \(expense)"
        return action
    }
}
