// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPipe} from "../interfaces/IPipe.sol";
import {IModelWorkflow} from "./IModelWorkflow.sol";
import {IWorkflowScheduler, Task} from "./IWorkflowScheduler.sol";

/// @title WorkflowScheduler
/// @notice Owns the list of tasks, each written by its owner alone. It calls whatever workflow was registered, so it
/// holds no money and no right, and must never be given any.
contract WorkflowScheduler is IWorkflowScheduler {
    /// @inheritdoc IWorkflowScheduler
    uint256 public constant MIN_FREQUENCY = 1 seconds;
    /// @inheritdoc IWorkflowScheduler
    uint256 public constant MAX_FREQUENCY = 366 days;
    /// @inheritdoc IWorkflowScheduler
    uint256 public constant MAX_LISTED = 1000;
    /// @inheritdoc IWorkflowScheduler
    uint256 public constant MAX_REASON = 512;

    /// @dev A missing result carries the model's input; larger ones than this cannot be part of a transaction.
    uint256 private constant MAX_MISSING = 128 * 1024;

    struct Entry {
        address owner;
        uint40 dueAt;
        uint40 frequency;
        address workflow;
        uint40 endTime;
    }

    Entry[] private _entries;
    /// One more than the place in `_entries`; 0 for no task.
    mapping(address owner => mapping(address workflow => uint256 place)) private _places;

    /// @inheritdoc IWorkflowScheduler
    function registerTask(address workflow, uint256 endTime, uint256 frequency) external {
        require(_places[msg.sender][workflow] == 0, TaskExists(msg.sender, workflow));
        require(workflow.code.length != 0, WorkflowWithoutCode(workflow));
        _requireTimes(endTime, frequency);

        _entries.push(Entry(msg.sender, uint40(block.timestamp), uint40(frequency), workflow, uint40(endTime)));
        _places[msg.sender][workflow] = _entries.length;
        emit TaskRegistered(msg.sender, workflow, endTime, frequency);
    }

    /// @inheritdoc IWorkflowScheduler
    function updateTask(address workflow, uint256 endTime, uint256 frequency) external {
        Entry storage entry = _entryOf(msg.sender, workflow);
        _requireTimes(endTime, frequency);
        bool changes = entry.endTime != endTime || entry.frequency != frequency;
        require(changes, TaskUnchanged(msg.sender, workflow));

        uint256 latest = block.timestamp + frequency;
        if (entry.dueAt > latest) entry.dueAt = uint40(latest);
        (entry.endTime, entry.frequency) = (uint40(endTime), uint40(frequency));
        emit TaskUpdated(msg.sender, workflow, endTime, frequency);
    }

    /// @inheritdoc IWorkflowScheduler
    function stopTask(address workflow) external {
        _remove(msg.sender, workflow);
    }

    /// @inheritdoc IWorkflowScheduler
    function clearTask(address owner, address workflow) external {
        uint256 endTime = _entryOf(owner, workflow).endTime;
        require(block.timestamp > endTime, TaskNotEnded(owner, workflow, endTime));
        _remove(owner, workflow);
    }

    /// @inheritdoc IWorkflowScheduler
    function runTask(address owner, address workflow) external {
        Entry storage entry = _entryOf(owner, workflow);
        (uint256 dueAt, uint256 frequency, uint256 endTime) = (entry.dueAt, entry.frequency, entry.endTime);
        require(block.timestamp <= endTime, TaskEnded(owner, workflow, endTime));
        require(block.timestamp >= dueAt, TaskNotDue(owner, workflow, dueAt));

        // Before the call, so that a workflow that comes back finds itself not due.
        uint256 nextDueAt = dueAt + ((block.timestamp - dueAt) / frequency + 1) * frequency;
        entry.dueAt = uint40(nextDueAt);
        emit TaskRun(owner, workflow, msg.sender, nextDueAt);
        _run(workflow);
    }

    /// @inheritdoc IWorkflowScheduler
    function taskOf(address owner, address workflow) external view returns (Task memory) {
        return _taskOf(_entryOf(owner, workflow));
    }

    /// @inheritdoc IWorkflowScheduler
    function getAllTasks() external view returns (Task[] memory) {
        return tasksFrom(0, MAX_LISTED);
    }

    /// @inheritdoc IWorkflowScheduler
    function tasksFrom(uint256 place, uint256 count) public view returns (Task[] memory tasks) {
        uint256 left = place < _entries.length ? _entries.length - place : 0;
        tasks = new Task[](count < left ? count : left);
        for (uint256 i; i < tasks.length; ++i) tasks[i] = _taskOf(_entries[place + i]);
    }

    /// @inheritdoc IWorkflowScheduler
    function taskCount() external view returns (uint256) {
        return _entries.length;
    }

    /// @dev What the workflow returns is not read, and of what it reverts with no more than a bounded part.
    function _run(address workflow) private {
        bytes memory data = abi.encodeCall(IModelWorkflow.run, ());
        bool success;
        assembly ("memory-safe") {
            success := call(gas(), workflow, 0, add(data, 32), mload(data), 0, 0)
        }
        if (success) return;

        if (bytes4(_reason(4)) == IPipe.InferenceRequired.selector) {
            bytes memory reason = _reason(MAX_MISSING);
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
        revert WorkflowFailed(workflow, _reason(MAX_REASON));
    }

    /// @dev Of the call made last.
    function _reason(uint256 max) private pure returns (bytes memory reason) {
        assembly ("memory-safe") {
            let length := returndatasize()
            if gt(length, max) {
                length := max
            }
            reason := mload(0x40)
            mstore(reason, length)
            returndatacopy(add(reason, 32), 0, length)
            mstore(0x40, and(add(add(reason, length), 63), not(31)))
        }
    }

    function _remove(address owner, address workflow) private {
        _entryOf(owner, workflow);
        uint256 place = _places[owner][workflow];
        Entry storage last = _entries[_entries.length - 1];

        if (place != _entries.length) {
            _entries[place - 1] = last;
            _places[last.owner][last.workflow] = place;
        }
        _entries.pop();
        delete _places[owner][workflow];
        emit TaskStopped(owner, workflow);
    }

    function _entryOf(address owner, address workflow) private view returns (Entry storage) {
        uint256 place = _places[owner][workflow];
        require(place != 0, TaskUnknown(owner, workflow));
        return _entries[place - 1];
    }

    function _taskOf(Entry memory entry) private pure returns (Task memory) {
        return Task(entry.owner, entry.workflow, entry.endTime, entry.frequency, entry.dueAt);
    }

    function _requireTimes(uint256 endTime, uint256 frequency) private view {
        require(endTime > block.timestamp && endTime <= type(uint40).max, TaskEndInvalid(endTime));
        bool inRange = frequency >= MIN_FREQUENCY && frequency <= MAX_FREQUENCY;
        require(inRange, TaskFrequencyInvalid(frequency));
    }
}
