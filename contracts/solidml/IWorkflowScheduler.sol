// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A workflow that is to be run at intervals.
struct Task {
    /// Who registered it, and alone can change it.
    address owner;
    address workflow;
    /// Timestamp after which it is not run.
    uint256 endTime;
    /// Seconds from one run to the next.
    uint256 frequency;
    /// Timestamp from which on it may be run.
    uint256 dueAt;
}

/// @title Workflows at intervals
/// @notice Says which workflows are due, and runs them for anyone who pokes it: a node or a keeper, which carries the
/// results that the workflow needs and pays for them.
/// @dev A task is named by who registered it and its workflow, so that nobody can take the place of another's. Nobody
/// is paid for running a task: whoever wants it run does, or pays someone.
interface IWorkflowScheduler {
    event TaskRegistered(address indexed owner, address indexed workflow, uint256 endTime, uint256 frequency);
    event TaskUpdated(address indexed owner, address indexed workflow, uint256 endTime, uint256 frequency);
    event TaskStopped(address indexed owner, address indexed workflow);
    event TaskRun(address indexed owner, address indexed workflow, address indexed keeper, uint256 nextDueAt);

    /// @notice The caller has a task for this workflow.
    error TaskExists(address owner, address workflow);
    /// @notice There is no such task.
    error TaskUnknown(address owner, address workflow);
    /// @notice The task runs again at the time given.
    error TaskNotDue(address owner, address workflow, uint256 dueAt);
    /// @notice The task has come to its end.
    error TaskEnded(address owner, address workflow, uint256 endTime);
    /// @notice The task has not come to its end.
    error TaskNotEnded(address owner, address workflow, uint256 endTime);
    /// @notice The task has these times already.
    error TaskUnchanged(address owner, address workflow);
    /// @notice A task ends in the future.
    error TaskEndInvalid(uint256 endTime);
    /// Outside `MIN_FREQUENCY` to `MAX_FREQUENCY`.
    error TaskFrequencyInvalid(uint256 frequency);
    /// @notice The workflow is no contract.
    error WorkflowWithoutCode(address workflow);
    /// `reason` is what it reverted with, cut at `MAX_REASON` bytes.
    error WorkflowFailed(address workflow, bytes reason);

    /// @notice Has `workflow` run every `frequency` seconds until `endTime`, the first time at once.
    /// @param endTime timestamp, in the future
    function registerTask(address workflow, uint256 endTime, uint256 frequency) external;

    /// @notice Changes end and frequency of the caller's task. The next run is due when it was, or after `frequency`
    /// seconds if that is sooner.
    function updateTask(address workflow, uint256 endTime, uint256 frequency) external;

    /// @notice Removes the caller's task.
    function stopTask(address workflow) external;

    /// @notice Removes a task that has ended. Anyone may.
    function clearTask(address owner, address workflow) external;

    /// @notice Runs a task that is due. Anyone may. Missed runs are not made up for: the next one is due at the first
    /// multiple of the frequency that lies ahead.
    /// @dev When the workflow fails, so does this, and the task stays due: nobody can use up a run by letting it fail.
    /// `IPipe.InferenceRequired` is passed on as it is, for the simulation of whoever carries results.
    /// Warning: simulate first; a workflow may use all gas it is given.
    function runTask(address owner, address workflow) external;

    function taskOf(address owner, address workflow) external view returns (Task memory);

    /// @notice The first `MAX_LISTED` tasks, in no order. For calls; `tasksFrom` reads on.
    function getAllTasks() external view returns (Task[] memory);

    /// @notice At most `count` tasks from the given place in the list on.
    function tasksFrom(uint256 place, uint256 count) external view returns (Task[] memory);

    function taskCount() external view returns (uint256);

    /// @notice Seconds.
    function MIN_FREQUENCY() external view returns (uint256);

    /// @notice Seconds.
    function MAX_FREQUENCY() external view returns (uint256);

    function MAX_LISTED() external view returns (uint256);

    /// @notice Bytes of a workflow's failure that `WorkflowFailed` repeats.
    function MAX_REASON() external view returns (uint256);
}
