// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Call, IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {IPipeExecutor} from "../../../contracts/interfaces/IPipeExecutor.sol";
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

    function _results() private view returns (bytes memory) {
        return _bundle(user, address(consumer), _item(INPUT, ANSWER));
    }

    function _asks(uint256 count, uint256 value) private view returns (Call[] memory calls) {
        calls = new Call[](count);
        for (uint256 i; i < count; ++i) calls[i] = Call(address(consumer), value, _ask());
    }
}
