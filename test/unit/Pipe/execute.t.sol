// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {Offence} from "../../../contracts/interfaces/IOperators.sol";
import {Call, IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {IPipeExecutor} from "../../../contracts/interfaces/IPipeExecutor.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {PipeFixture} from "./PipeFixture.sol";

contract ExecuteTest is PipeFixture {
    /// Set by `receive`; what the executor gives back.
    uint256 private _received;

    receive() external payable {
        _received += msg.value;
    }

    function test_answersAndChargesTheCallersBalance() public {
        bytes memory results = _results();
        vm.prank(user);
        bytes[] memory returned = pipe.execute(results, _asks(1, 0));
        assertEq(returned.length, 1);
        assertEq(consumer.answers(0), ANSWER);
        assertEq(money.balanceOf(user), 90 ether - FEE);
        assertFalse(pipe.isExecuting());
    }

    /// The encoding leaves open which argument stands first.
    function test_makesCallsThatStandBeforeTheResults() public {
        bytes memory arguments = abi.encode(_asks(1, 0), _results());
        bytes memory callData = abi.encodePacked(IPipe.execute.selector, arguments);
        assembly ("memory-safe") {
            let calls := mload(add(callData, 36))
            mstore(add(callData, 36), mload(add(callData, 68)))
            mstore(add(callData, 68), calls)
        }
        (bool success, bytes memory data) = _send(user, address(pipe), callData);
        assertTrue(success);
        assertEq(abi.decode(data, (bytes[])).length, 1);
        assertEq(consumer.answers(0), ANSWER);
    }

    function test_forgetsWhatItLoaded() public {
        bytes memory results = _results();
        vm.prank(user);
        pipe.execute(results, _asks(1, 0));
        bytes memory problem = _missing(pipe.executor(), address(consumer), INPUT);
        vm.expectRevert(problem);
        vm.prank(stranger);
        pipe.execute("", _asks(1, 0));
        _expectFailure(pipe.executor(), address(consumer), _ask(), problem);
    }

    /// What the executor is given outside an execution never answers inside one.
    function test_rule12_usesNothingThatWasPlantedBefore() public {
        address executor = pipe.executor();
        _pay(executor, 1 ether);
        bytes memory planted = _bundle(executor, address(0), _item(INPUT, keccak256("planted")));
        vm.prank(executor);
        pipe.preload(planted);
        bytes memory results = _results();
        vm.prank(user);
        pipe.execute(results, _asks(1, 0));
        assertEq(consumer.answers(0), ANSWER);
    }

    function test_givesBackWhatTheCallsLeave() public {
        vm.deal(address(this), 5 ether);
        _pay(address(this), 1 ether);
        bytes memory results = _bundle(address(this), address(consumer), _item(INPUT, ANSWER));
        pipe.execute{value: 5 ether}(results, _asks(1, 2 ether));
        assertEq(_received, 3 ether);
        assertEq(address(consumer).balance, 2 ether);
        assertEq(pipe.executor().balance + address(pipe).balance, 0);
    }

    function test_leavesCoinsThatWereThereBefore() public {
        vm.deal(pipe.executor(), 1);
        bytes memory results = _results();
        // The consumer takes no coins back.
        _pay(address(consumer), 1 ether);
        vm.prank(address(consumer));
        pipe.execute("", new Call[](0));
        vm.prank(user);
        pipe.execute(results, _asks(1, 0));
        assertEq(pipe.executor().balance, 1);
    }

    function test_revertsWhenNested() public {
        Call[] memory calls = new Call[](1);
        calls[0] = Call(address(pipe), 0, abi.encodeCall(IPipe.execute, ("", new Call[](0))));
        vm.expectRevert(abi.encodeWithSelector(IPipe.ExecutionNested.selector));
        pipe.execute("", calls);
    }

    /// What stands behind the call is not the sender, and takes no coins.
    function test_rule01_givesCoinsBackToTheSenderAlone() public {
        vm.deal(user, 5 ether);
        bytes memory call_ = abi.encodePacked(abi.encodeCall(IPipe.execute, ("", new Call[](0))), stranger);
        vm.prank(user);
        (bool success, bytes memory data) = address(pipe).call{value: 5 ether}(call_);
        assertTrue(success);
        assertEq(data, abi.encode(new bytes[](0)));
        assertEq(user.balance, 5 ether);
        assertEq(stranger.balance, 0);
    }

    function test_returnsWhatTheCallsReturn() public {
        Call[] memory calls = new Call[](2);
        calls[0] = Call(address(opg), 0, abi.encodeCall(opg.totalSupply, ()));
        calls[1] = Call(address(consumer), 0, abi.encodeCall(consumer.queryOf, (release, INPUT)));
        bytes[] memory returned = pipe.execute("", calls);
        assertEq(returned[0], abi.encode(SUPPLY));
        assertEq(returned[1], abi.encode(consumer.queryOf(release, INPUT)));
    }

    function test_revertsWithTheErrorOfTheCallThatFails() public {
        uint256 before = money.balanceOf(user);
        Call[] memory calls = _asks(2, 0);
        calls[1].data = abi.encodeCall(consumer.ask, (release, 0, "other"));
        bytes memory results = _results();
        vm.expectRevert(_missing(pipe.executor(), address(consumer), "other"));
        vm.prank(user);
        pipe.execute(results, calls);
        assertEq(money.balanceOf(user), before);
        assertEq(money.earningsOf(operator.id, release).unripe, 0);
    }

    /// The executor is nobody: whatever it is aimed at refuses it, or gives what it gives to everybody.
    function test_rule01_theExecutorMovesNothing() public {
        opg.approve(address(pipe), type(uint256).max);
        uint256 held = opg.balanceOf(address(pipe));
        address executor = pipe.executor();
        _refusesAll(
            address(pipe),
            [
                abi.encodeCall(IEscrow.withdraw, (stranger, 1)),
                abi.encodeCall(IPipe.drainBudget, (address(consumer), GRAIN)),
                abi.encodeCall(IPipe.fundBudget, (stranger, GRAIN, GRAIN)),
                abi.encodeCall(IEscrow.setTreasury, (stranger)),
                abi.encodeCall(ITimedPause.pause, (1 hours)),
                abi.encodeCall(IEscrow.deposit, (stranger, 1))
            ]
        );
        _refusesAll(
            address(opg),
            [
                abi.encodeCall(opg.transferFrom, (address(pipe), stranger, 1)),
                abi.encodeCall(opg.transferFrom, (address(this), stranger, 1)),
                abi.encodeCall(opg.transfer, (stranger, 1)),
                abi.encodeCall(opg.burn, (1)),
                abi.encodeWithSignature("burnFrom(address,uint256)", address(pipe), 1),
                abi.encodeWithSignature("mint(address,uint256)", stranger, 1)
            ]
        );
        _refusesAll(
            address(operators),
            [
                abi.encodeCall(operators.unbond, (operator.id, 1 ether)),
                abi.encodeCall(operators.withdrawUnbonded, (operator.id, stranger)),
                abi.encodeCall(operators.slash, (Offence.Equivocation, operator.signer, stranger, stranger)),
                abi.encodeCall(operators.revokeSigner, (operator.signer)),
                abi.encodeCall(operators.setOffer, (operator.id, release, FEE, 1)),
                abi.encodeCall(operators.setEndpoint, (operator.id, "https://node.example"))
            ]
        );
        _refusesAll(
            address(gateways),
            [
                abi.encodeCall(gateways.setGateway, (operator.id, "")),
                abi.encodeCall(IPipeExecutor.run, (new Call[](0), payable(stranger))),
                "",
                "",
                "",
                ""
            ]
        );
        assertEq(opg.balanceOf(address(pipe)), held);
        assertEq(opg.allowance(address(pipe), executor), 0);
        assertEq(money.balanceOf(executor), 0);
    }

    function test_rule01_onlyPipeRunsTheExecutor() public {
        address executor = pipe.executor();
        vm.expectRevert(abi.encodeWithSelector(IPipeExecutor.NotPipe.selector, stranger));
        vm.prank(stranger);
        IPipeExecutor(executor).run(new Call[](0), payable(stranger));
        Call[] memory calls = new Call[](1);
        calls[0] = Call(executor, 0, abi.encodeCall(IPipeExecutor.run, (new Call[](0), payable(stranger))));
        vm.expectRevert(abi.encodeWithSelector(IPipeExecutor.NotPipe.selector, executor));
        pipe.execute("", calls);
    }

    function test_revertsWhenTheSenderTakesNoCoinsBack() public {
        vm.deal(address(consumer), 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IPipeExecutor.RefundFailed.selector, consumer, 1 ether));
        vm.prank(address(consumer));
        pipe.execute{value: 1 ether}("", new Call[](0));
    }

    function test_revertsWhenPaused() public {
        bytes memory results = _results();
        vm.prank(guardian);
        ITimedPause(address(pipe)).pause(1 hours);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.NewWorkPaused.selector, block.timestamp + 1 hours));
        vm.prank(user);
        pipe.execute(results, _asks(1, 0));
    }

    function test_revertsWhenATargetHasNoCode() public {
        Call[] memory calls = new Call[](1);
        calls[0] = Call(stranger, 0, hex"01");
        vm.expectRevert(abi.encodeWithSelector(IPipeExecutor.TargetWithoutCode.selector, stranger));
        pipe.execute("", calls);
    }

    function test_revertsWhenTheBalanceIsTooLow() public {
        bytes memory results = _bundle(stranger, address(consumer), _item(INPUT, ANSWER));
        vm.expectRevert(abi.encodeWithSignature("BalanceTooLow(address,uint256,uint256)", stranger, 0, FEE));
        vm.prank(stranger);
        pipe.execute(results, _asks(1, 0));
    }

    function _refusesAll(address target, bytes[6] memory attempts) private {
        Call[] memory calls = new Call[](1);
        for (uint256 i; i < attempts.length; ++i) {
            if (attempts[i].length == 0) continue;
            calls[0] = Call(target, 0, attempts[i]);
            (bool success, ) = _send(stranger, address(pipe), abi.encodeCall(IPipe.execute, ("", calls)));
            assertFalse(success, vm.toString(attempts[i]));
        }
    }

    function _results() private view returns (bytes memory) {
        return _bundle(user, address(consumer), _item(INPUT, ANSWER));
    }

    function _asks(uint256 count, uint256 value) private view returns (Call[] memory calls) {
        calls = new Call[](count);
        for (uint256 i; i < count; ++i) calls[i] = Call(address(consumer), value, _ask());
    }
}
