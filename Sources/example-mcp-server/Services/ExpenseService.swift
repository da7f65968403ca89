import JOSE
import Logging
import ResourceServer

/// Submits users' expenses one by one in the background, in a job of the session of the call. Each one needs a positive
/// decision of the authorization server.
actor ExpenseService {
    /// The action name that an operator permits with `resources policy --action`.
    static let action = "expenses.submit"
    /// Bounds memory: the service keeps one batch per user.
    static let maximumUsers = 1000
    static let maximumExpenses = 50
    static let longestName = 100
    /// Seconds until a job expires; the session's end comes first if it is earlier.
    private static let lifetime: Int64 = 3600
    /// The number of failed requests in a row after which a job stops.
    private static let mostFaults = 5

    /// A user's latest expenses and their progress.
    struct Batch: Sendable {
        let expenses: [String]
        fileprivate(set) var submitted = 0
        /// Why the job ended; nil while it runs.
        fileprivate(set) var end: String?
    }

    /// The result of submitting a batch.
    enum Receipt: Sendable {
        case begun(Job)
        /// The batch is refused for this reason.
        case refused(String)
    }

    private let elicitations: Elicitations
    private let governance: Governance
    private let pace: Duration
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private var batches: [String: Batch] = [:]

    /// - Parameter pace: the pause before each expense.
    init(
        _ elicitations: Elicitations, pace: Duration, now: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        self.elicitations = elicitations
        governance = Governance(elicitations)
        self.pace = pace
        self.now = now
        self.logger = logger
    }

    /// The latest batch of a user.
    func batch(of subject: String) -> Batch? { batches[subject] }

    /// Opens a job while the user's token is at hand, and starts the work.
    func submit(_ expenses: [String], for access: Access) async throws(ElicitationError) -> Receipt {
        let subject = access.subject
        let earlier = batches[subject]
        guard earlier == nil || earlier?.end != nil else {
            return .refused("Your previous expenses are still being submitted. Wait until they are done.")
        }
        guard earlier != nil || batches.count < Self.maximumUsers else {
            return .refused("Too many users have expenses here. Try again later.")
        }
        // Stored before the suspension, so that one of two concurrent calls starts.
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

    /// Works without the user's token: the job's id is worthless without this server's own credentials.
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
        // If this call is lost, the job expires by itself.
        _ = try? await governance.endJob(job.id)
        batches[subject]?.end = "All expenses are submitted."
    }

    /// Requests a decision right before the act; returns nil when the expense was submitted, else the obstacle.
    private func submit(_ expense: String, number: Int, in job: Job) async -> String? {
        guard let action = Self.action(of: expense, number: number) else { return "The action cannot be described." }
        var faults = 0
        while true {
            try? await Task.sleep(for: pace)
            do throws(ElicitationError) {
                switch try await governance.evaluate(action, on: .job(job.id)) {
                // A real server would submit the expense here.
                case .allowed: return nil
                case .denied(nil): return "The session or the job is no longer active."
                case .denied(let reason?): return "The authorization server denied it (\(reason))."
                case .approvalRequired(let asked):
                    guard try await isApproved(asked) else { return "The user did not approve it." }
                }
                faults = 0
            } catch {
                faults += 1
                guard faults < Self.mostFaults else { return error.description }
            }
        }
    }

    /// Waits for the user, who finds the request on the account page.
    private func isApproved(_ asked: Elicitation) async throws(ElicitationError) -> Bool {
        logger.notice("An expense waits for the user's approval")
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
