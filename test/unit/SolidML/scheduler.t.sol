// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {IWorkflowScheduler, Task} from "../../../contracts/solidml/IWorkflowScheduler.sol";
import {FakeWorkflow} from "./Workflows.sol";

contract SchedulerTest is Test {
    IWorkflowScheduler private scheduler;
    FakeWorkflow private workflow;
    address private owner = makeAddr("owner");
    address private keeper = makeAddr("keeper");
    uint256 private start = 1_800_000_000;

    function setUp() public {
        vm.warp(start);
        scheduler = IWorkflowScheduler(deployCode("contracts/solidml/WorkflowScheduler.sol:WorkflowScheduler"));
        workflow = new FakeWorkflow();
        vm.prank(owner);
        scheduler.registerTask(address(workflow), start + 1 days, 60);
    }

    function _tell(FakeWorkflow.Act act) private {
        workflow.tell(act, owner);
    }

    function _run() private {
        vm.prank(keeper);
        scheduler.runTask(owner, address(workflow));
    }

    function test_registers() public {
        FakeWorkflow other = new FakeWorkflow();
        vm.expectEmit(address(scheduler));
        emit IWorkflowScheduler.TaskRegistered(keeper, address(other), start + 10, 5);
        vm.prank(keeper);
        scheduler.registerTask(address(other), start + 10, 5);
        Task[] memory tasks = scheduler.getAllTasks();
        assertEq(tasks.length, 2);
        assertEq(tasks[1].owner, keeper);
        assertEq(tasks[1].workflow, address(other));
        assertEq(tasks[1].endTime, start + 10);
        assertEq(tasks[1].frequency, 5);
        assertEq(tasks[1].dueAt, start);
    }

    function test_letsEachOwnerHaveItsTask() public {
        vm.prank(keeper);
        scheduler.registerTask(address(workflow), start + 1 days, 60);
        assertEq(scheduler.taskCount(), 2);
    }

    function test_revertsWhenRegistrationInvalid() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.TaskExists.selector, owner, address(workflow)));
        scheduler.registerTask(address(workflow), start + 1 days, 60);
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.WorkflowWithoutCode.selector, keeper));
        scheduler.registerTask(keeper, start + 1 days, 60);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.TaskEndInvalid.selector, start));
        scheduler.registerTask(address(workflow), start, 60);
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.TaskEndInvalid.selector, uint256(2 ** 40)));
        scheduler.registerTask(address(workflow), 2 ** 40, 60);
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.TaskFrequencyInvalid.selector, 0));
        scheduler.registerTask(address(workflow), start + 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.TaskFrequencyInvalid.selector, 366 days + 1));
        scheduler.registerTask(address(workflow), start + 1, 366 days + 1);
    }

    function test_updates() public {
        _run();
        vm.expectEmit(address(scheduler));
        emit IWorkflowScheduler.TaskUpdated(owner, address(workflow), start + 2 days, 10);
        vm.prank(owner);
        scheduler.updateTask(address(workflow), start + 2 days, 10);
        Task memory task = scheduler.taskOf(owner, address(workflow));
        assertEq(task.dueAt, start + 10);
        assertEq(task.endTime, start + 2 days);
        assertEq(task.frequency, 10);
    }

    function test_revertsWhenUpdateInvalid() public {
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.TaskUnknown.selector, keeper, address(workflow)));
        vm.prank(keeper);
        scheduler.updateTask(address(workflow), start + 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.TaskUnchanged.selector, owner, address(workflow)));
        vm.prank(owner);
        scheduler.updateTask(address(workflow), start + 1 days, 60);
    }

    function test_stops() public {
        vm.prank(keeper);
        scheduler.registerTask(address(workflow), start + 1 days, 60);
        vm.expectEmit(address(scheduler));
        emit IWorkflowScheduler.TaskStopped(owner, address(workflow));
        vm.prank(owner);
        scheduler.stopTask(address(workflow));
        assertEq(scheduler.taskCount(), 1);
        // The last one took the place of the one that went, and still answers.
        assertEq(scheduler.taskOf(keeper, address(workflow)).owner, keeper);
        vm.prank(keeper);
        scheduler.stopTask(address(workflow));
        assertEq(scheduler.taskCount(), 0);
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.TaskUnknown.selector, owner, address(workflow)));
        vm.prank(owner);
        scheduler.stopTask(address(workflow));
    }

    function test_clearsWhatHasEnded() public {
        uint256 end = start + 1 days;
        vm.warp(end);
        vm.expectRevert(
            abi.encodeWithSelector(IWorkflowScheduler.TaskNotEnded.selector, owner, address(workflow), end)
        );
        scheduler.clearTask(owner, address(workflow));
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.TaskEnded.selector, owner, address(workflow), end));
        _run();
        vm.prank(keeper);
        scheduler.clearTask(owner, address(workflow));
        assertEq(scheduler.taskCount(), 0);
    }

    function test_runsWhatIsDueOnce() public {
        vm.expectEmit(address(scheduler));
        emit IWorkflowScheduler.TaskRun(owner, address(workflow), keeper, start + 60);
        _run();
        assertEq(workflow.runs(), 1);
        vm.expectRevert(
            abi.encodeWithSelector(IWorkflowScheduler.TaskNotDue.selector, owner, address(workflow), start + 60)
        );
        _run();
    }

    function testFuzz_skipsWhatWasMissed(uint256 wait) public {
        _run();
        wait = bound(wait, 60, 1 days);
        vm.warp(start + wait);
        _run();
        uint256 dueAt = scheduler.taskOf(owner, address(workflow)).dueAt;
        assertGt(dueAt, start + wait);
        assertLe(dueAt, start + wait + 60);
        assertEq((dueAt - start) % 60, 0);
    }

    function test_keepsATaskDueWhenItFails() public {
        _tell(FakeWorkflow.Act.Fail);
        bytes memory reason = abi.encodeWithSelector(FakeWorkflow.Broken.selector, 42);
        vm.expectRevert(abi.encodeWithSelector(IWorkflowScheduler.WorkflowFailed.selector, address(workflow), reason));
        _run();
        assertEq(scheduler.taskOf(owner, address(workflow)).dueAt, start);
        _tell(FakeWorkflow.Act.Succeed);
        _run();
        assertEq(workflow.runs(), 1);
    }

    function test_passesOnThatAResultIsMissing() public {
        _tell(FakeWorkflow.Act.Miss);
        InferenceQuery[] memory none = new InferenceQuery[](0);
        vm.expectRevert(abi.encodeWithSelector(IPipe.InferenceRequired.selector, tx.origin, address(workflow), none));
        _run();
    }

    function test_ignoresWhatAWorkflowReturns() public {
        _tell(FakeWorkflow.Act.ReturnMuch);
        _run();
        assertEq(workflow.runs(), 1);
    }

    function test_cutsALongFailure() public {
        _tell(FakeWorkflow.Act.FailMuch);
        vm.prank(keeper);
        try scheduler.runTask(owner, address(workflow)) {
            fail();
        } catch (bytes memory reason) {
            // Selector, workflow, offset, length, 512 bytes.
            assertEq(reason.length, 4 + 96 + scheduler.MAX_REASON());
        }
    }

    function test_refusesAWorkflowThatComesBack() public {
        _tell(FakeWorkflow.Act.ComeBack);
        bytes memory reason = abi.encodeWithSelector(
            IWorkflowScheduler.TaskNotDue.selector,
            owner,
            address(workflow),
            start + 60
        );
        bytes memory failed = abi.encodeWithSelector(
            IWorkflowScheduler.WorkflowFailed.selector,
            address(workflow),
            reason
        );
        vm.expectRevert(failed);
        _run();
    }

    function test_listsByParts() public {
        vm.prank(keeper);
        scheduler.registerTask(address(workflow), start + 1 days, 60);
        assertEq(scheduler.tasksFrom(0, 1)[0].owner, owner);
        assertEq(scheduler.tasksFrom(1, type(uint256).max)[0].owner, keeper);
        assertEq(scheduler.tasksFrom(2, 5).length, 0);
        assertEq(scheduler.tasksFrom(type(uint256).max, 5).length, 0);
    }
}
