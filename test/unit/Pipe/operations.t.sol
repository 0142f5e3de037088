// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchAccount} from "../../../contracts/consumer/BatchAccount.sol";
import {Call, IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {PipeFixture} from "./PipeFixture.sol";

/// A batch account that also obeys a bundler of user operations, as ERC-4337 accounts obey their entry point.
contract OperationAccount is BatchAccount {
    address private immutable _BUNDLER;

    constructor(address bundler) {
        _BUNDLER = bundler;
    }

    function _erc7821AuthorizedExecutor(
        address caller,
        bytes32 mode,
        bytes calldata data
    ) internal view override returns (bool) {
        return caller == _BUNDLER || super._erc7821AuthorizedExecutor(caller, mode, data);
    }
}

/// Runs the operations of several accounts in one transaction; one that fails does not stop the others.
contract Bundler {
    bytes32 private constant BATCH_MODE = bytes32(uint256(1) << 248);

    struct Operation {
        BatchAccount account;
        Call[] calls;
    }

    function handle(Operation[] calldata operations) external returns (bytes[] memory problems) {
        problems = new bytes[](operations.length);
        for (uint256 i; i < operations.length; ++i) {
            try operations[i].account.execute(BATCH_MODE, abi.encode(operations[i].calls)) {} catch (
                bytes memory problem
            ) {
                problems[i] = problem;
            }
        }
    }
}

/// RULE 12: several user operations in one transaction, each for itself, in both orders.
contract PipeOperationsTest is PipeFixture {
    Bundler private bundler;
    BatchAccount private alice;
    BatchAccount private bob;

    function setUp() public override {
        super.setUp();
        bundler = new Bundler();
        alice = new OperationAccount(address(bundler));
        bob = new OperationAccount(address(bundler));
        _pay(address(alice), 1 ether);
        _pay(address(bob), 1 ether);
    }

    function test_rule12_keepsTwoOperationsApart() public {
        for (uint256 order; order < 2; ++order) {
            uint256 snapshot = vm.snapshotState();
            Bundler.Operation[] memory both = new Bundler.Operation[](2);
            both[order] = _loadAndAsk(alice, address(0), 1, "alice's");
            both[1 - order] = _loadAndAsk(bob, address(consumer), 2, "bob's");
            bytes[] memory problems = bundler.handle(both);
            assertEq(problems[0].length + problems[1].length, 0);
            assertEq(consumer.answers(1), keccak256("alice's"));
            assertEq(consumer.answers(2), keccak256("bob's"));
            _expectPaid(FEE, FEE);
            vm.revertToState(snapshot);
        }
    }

    /// One operation brings no answer of its own, and gets none of the other's, be it loaded before or after.
    function test_rule12_serveNoOperationWithAnothersResult() public {
        for (uint256 order; order < 2; ++order) {
            uint256 snapshot = vm.snapshotState();
            Bundler.Operation[] memory both = new Bundler.Operation[](2);
            both[order] = _loadAndAsk(alice, address(0), 1, "alice's");
            both[1 - order] = _onlyAsk(bob, 2);
            bytes[] memory problems = bundler.handle(both);
            assertEq(problems[order].length, 0);
            assertEq(problems[1 - order], _missing(address(bob), address(consumer), INPUT));
            assertEq(consumer.answers(2), 0);
            _expectPaid(FEE, 0);
            vm.revertToState(snapshot);
        }
    }

    /// An operation that brings the results of another account's context is refused, and the other's goes on.
    function test_rule12_refusesTheResultsOfAnotherOperation() public {
        for (uint256 order; order < 2; ++order) {
            uint256 snapshot = vm.snapshotState();
            Bundler.Operation[] memory both = new Bundler.Operation[](2);
            both[order] = _loadAndAsk(alice, address(consumer), 1, "alice's");
            both[1 - order] = Bundler.Operation(bob, both[order].calls);
            bytes[] memory problems = bundler.handle(both);
            assertEq(problems[order].length, 0);
            assertEq(bytes4(problems[1 - order]), IPipe.OperatorNotActive.selector);
            _expectPaid(FEE, 0);
            vm.revertToState(snapshot);
        }
    }

    /// An operation that fails after it has loaded leaves nothing loaded and nothing charged.
    function test_rule12_aFailedOperationLeavesNothing() public {
        Bundler.Operation[] memory both = new Bundler.Operation[](2);
        both[0] = _loadAndAsk(alice, address(0), 1, "alice's");
        both[0].calls[1].data = abi.encodeWithSignature("nothing()");
        both[1] = _onlyAsk(alice, 2);
        bytes[] memory problems = bundler.handle(both);
        assertEq(problems[0], abi.encodeWithSignature("FailedCall()"));
        assertEq(problems[1], _missing(address(alice), address(consumer), INPUT));
        _expectPaid(0, 0);
    }

    /// Two accounts that go through the executor in one transaction, and a third that does not.
    function test_rule12_keepsExecutionsApart() public {
        for (uint256 order; order < 2; ++order) {
            uint256 snapshot = vm.snapshotState();
            Bundler.Operation[] memory all = new Bundler.Operation[](3);
            all[order] = _execute(alice, 1, "alice's");
            all[1 - order] = _execute(bob, 2, "bob's");
            all[2] = _executeNothing(bob, 3);
            bytes[] memory problems = bundler.handle(all);
            assertEq(problems[0].length + problems[1].length, 0);
            assertEq(consumer.answers(1), keccak256("alice's"));
            assertEq(consumer.answers(2), keccak256("bob's"));
            assertEq(problems[2], _missing(pipe.executor(), address(consumer), INPUT));
            _expectPaid(FEE, FEE);
            vm.revertToState(snapshot);
        }
    }

    /// What an account loaded for itself does not answer for what it does through the executor, nor the other way.
    function test_rule12_keepsAnAccountAndItsExecutionApart() public {
        Bundler.Operation[] memory all = new Bundler.Operation[](3);
        all[0] = _loadAndAsk(alice, address(0), 1, "alice's");
        all[1] = _executeNothing(alice, 2);
        all[2] = _execute(alice, 3, "executed");
        bytes[] memory problems = bundler.handle(all);
        assertEq(problems[1], _missing(pipe.executor(), address(consumer), INPUT));
        assertEq(consumer.answers(1), keccak256("alice's"));
        assertEq(consumer.answers(3), keccak256("executed"));
        _expectPaid(2 * FEE, 0);
    }

    function _loadAndAsk(
        BatchAccount account,
        address user_,
        uint256 slot,
        bytes memory answer
    ) private view returns (Bundler.Operation memory operation) {
        bytes memory results = _bundle(address(account), user_, _item(INPUT, keccak256(answer)));
        operation = Bundler.Operation(account, new Call[](2));
        operation.calls[0] = Call(address(pipe), 0, abi.encodeCall(IPipe.preload, (results)));
        operation.calls[1] = _askFor(slot);
    }

    function _onlyAsk(BatchAccount account, uint256 slot) private view returns (Bundler.Operation memory operation) {
        operation = Bundler.Operation(account, new Call[](1));
        operation.calls[0] = _askFor(slot);
    }

    function _execute(
        BatchAccount account,
        uint256 slot,
        bytes memory answer
    ) private view returns (Bundler.Operation memory) {
        return _through(account, _bundle(address(account), address(0), _item(INPUT, keccak256(answer))), slot);
    }

    function _executeNothing(BatchAccount account, uint256 slot) private view returns (Bundler.Operation memory) {
        return _through(account, "", slot);
    }

    function _through(
        BatchAccount account,
        bytes memory results,
        uint256 slot
    ) private view returns (Bundler.Operation memory operation) {
        Call[] memory inner = new Call[](1);
        inner[0] = _askFor(slot);
        operation = Bundler.Operation(account, new Call[](1));
        operation.calls[0] = Call(address(pipe), 0, abi.encodeCall(IPipe.execute, (results, inner)));
    }

    function _askFor(uint256 slot) private view returns (Call memory) {
        return Call(address(consumer), 0, abi.encodeCall(consumer.ask, (release, slot, INPUT)));
    }

    function _expectPaid(uint256 byAlice, uint256 byBob) private view {
        assertEq(money.balanceOf(address(alice)), 1 ether - byAlice);
        assertEq(money.balanceOf(address(bob)), 1 ether - byBob);
        assertEq(money.earningsOf(operator.id, release).unripe, byAlice + byBob);
    }
}
