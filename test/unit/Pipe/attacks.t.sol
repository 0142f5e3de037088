// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {Call, IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {IPipeExecutor} from "../../../contracts/interfaces/IPipeExecutor.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

/// Results that are signed and honest, brought where they do not belong.
contract PipeAttacksTest is PipeFixture {
    function test_rule04_refusesAResultOfAnotherChain() public {
        vm.chainId(999);
        bytes memory results = _usualForAnotherDomain();
        _refusesSigner(results);
    }

    function test_rule05_refusesAResultForAnotherInput() public {
        bytes memory other = abi.encodeCall(CarryingConsumer.ask, (release, 0, "moved"));
        _expectFailure(user, address(consumer), _carry(other, _usual()), _missing(user, address(consumer), "moved"));
    }

    function test_rule05_refusesAResultOfAnotherRelease() public {
        ReleaseId second = _second();
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].release = second;
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), _bundle(user, address(consumer), items)),
            _missing(user, address(consumer), INPUT)
        );
    }

    function test_rule05_refusesAnotherConsumersResult() public {
        CarryingConsumer other = _consumer(false);
        _expectFailure(
            user,
            address(other),
            _carry(_ask(), _usual()),
            abi.encodeWithSelector(IPipe.ConsumerMismatch.selector, consumer, other)
        );
    }

    function test_rule05_refusesAnotherPayersContext() public {
        bytes memory results = _usual();
        _pay(stranger, 1 ether);
        (bool success, bytes memory data) = _send(stranger, address(pipe), abi.encodeCall(IPipe.preload, (results)));
        assertFalse(success);
        assertEq(bytes4(data), IPipe.OperatorNotActive.selector);
    }

    function test_rule07_refusesAnExpiredResult() public {
        uint40 validUntil = uint40(block.timestamp) + 1;
        bytes memory results = _bundleUntil(user, address(consumer), _item(INPUT, ANSWER), validUntil);
        vm.warp(validUntil + 1);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.ResultNotValid.selector, validUntil, validUntil + 1 + MAX_VALIDITY)
        );
        uint40 late = validUntil + 2 + MAX_VALIDITY;
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), _bundleUntil(user, address(consumer), _item(INPUT, ANSWER), late)),
            abi.encodeWithSelector(IPipe.ResultNotValid.selector, late, late - 1)
        );
    }

    function test_rule08_refusesARevokedSigner() public {
        bytes memory results = _usual();
        vm.prank(operator.owner);
        operators.revokeSigner(operator.signer);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.OperatorNotActive.selector, operator.signer)
        );
    }

    function test_rule22_refusesAnOperatorJailedAfterItSigned() public {
        bytes memory results = _usual();
        _slash(operator, 1);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.OperatorNotActive.selector, operator.signer)
        );
    }

    function test_rule22_refusesAnOperatorBelowStakeAfterItSigned() public {
        bytes memory results = _usual();
        vm.prank(operator.owner);
        operators.unbond(operator.id, STAKE - MINIMUM_STAKE);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.ReleaseStakeTooLow.selector, release, MINIMUM_STAKE, RELEASE_MIN_STAKE)
        );
    }

    /// Two accounts of one bundle of operations, in one transaction: each gets and pays its own, in both orders.
    function test_rule12_keepsTheResultsOfTwoOperationsApart() public {
        for (uint256 order; order < 2; ++order) {
            uint256 snapshot = vm.snapshotState();
            (address first, address second) = order == 0 ? (user, stranger) : (stranger, user);
            _pay(stranger, 100 ether);
            bytes32[2] memory given = [keccak256("first"), keccak256("second")];
            _preload(first, _bundle(first, address(0), _item(INPUT, given[0])));
            _preload(second, _bundle(second, address(consumer), _item(INPUT, given[1])));
            (uint256 before, uint256 after_) = (money.balanceOf(first), money.balanceOf(second));
            _send(first, address(consumer), _ask());
            assertEq(consumer.answers(0), given[0]);
            _send(second, address(consumer), _ask());
            assertEq(consumer.answers(0), given[1]);
            assertEq(money.balanceOf(first), before);
            assertEq(money.balanceOf(second), after_);
            vm.revertToState(snapshot);
        }
    }

    function test_rule12_neverUsesWhatAnotherAccountPlanted() public {
        _pay(stranger, 1 ether);
        _preload(stranger, _bundle(stranger, address(0), _item(INPUT, ANSWER)));
        _expectFailure(user, address(consumer), _ask(), _missing(user, address(consumer), INPUT));
    }

    function test_rule12_chargesAResultOnce() public {
        bytes memory results = _bundle(user, address(0), _item(INPUT, ANSWER));
        vm.startPrank(user);
        pipe.preload(results);
        pipe.preload(results);
        vm.stopPrank();
        _send(user, address(consumer), _carry(_ask(), _usual()));
        assertEq(_spendable(user), 100 ether - FEE);
        assertEq(money.earningsOf(operator.id, release).unripe, FEE);
    }

    function test_rule12_keepsTheFirstLoad() public {
        vm.startPrank(user);
        pipe.preload(_bundle(user, address(0), _item(INPUT, ANSWER)));
        pipe.preload(_bundle(user, address(0), _item(INPUT, keccak256("another"))));
        vm.stopPrank();
        _send(user, address(consumer), _ask());
        assertEq(consumer.answers(0), ANSWER);
    }

    /// The operator is the caller, and pumps a contract that pays for its callers.
    function test_rule11_boundsThePumpByTheBlockLimit() public {
        CarryingConsumer payer = _consumer(true);
        _pay(address(payer), 100 ether);
        vm.prank(address(payer));
        pipe.fundBudget(address(payer), 100 ether, 2 * FEE);
        uint256 served;
        for (uint256 i; i < 6; ++i) {
            bytes memory input = abi.encode(i);
            bytes memory ask = abi.encodeCall(CarryingConsumer.ask, (release, 0, input));
            bytes memory results = _bundle(address(payer), address(payer), _item(input, ANSWER));
            (bool success, ) = _send(operator.owner, address(payer), _carry(ask, results));
            if (success) ++served;
        }
        assertEq(served, 2);
        assertEq(pipe.budgetOf(address(payer), address(payer)).balance, 100 ether - 2 * FEE);
    }

    function test_rule11_takesFromNobodyWhoDidNotAgree() public {
        bytes memory results = _bundle(user, stranger, _item(INPUT, ANSWER));
        bytes memory callData = abi.encodeCall(IPipe.infer, (consumer.queryOf(release, INPUT), user, results));
        _expectFailure(
            stranger,
            address(pipe),
            callData,
            abi.encodeWithSelector(IPipe.BudgetTooLow.selector, user, stranger, 0, FEE)
        );
    }

    function test_rule01_theExecutorMovesNothing() public {
        Call[] memory calls = new Call[](1);
        _pay(user, 1 ether);
        uint256 held = opg.balanceOf(address(pipe));
        address[4] memory targets = [address(pipe), address(pipe), address(opg), address(operators)];
        bytes[4] memory data = [
            abi.encodeCall(IEscrow.withdraw, (stranger, 1)),
            abi.encodeCall(IPipe.drainBudget, (address(consumer), GRAIN)),
            abi.encodeWithSignature("transferFrom(address,address,uint256)", address(pipe), stranger, 1),
            abi.encodeWithSignature("unbond(uint32,uint256)", operator.id, 1 ether)
        ];
        for (uint256 i; i < 4; ++i) {
            calls[0] = Call(targets[i], 0, data[i]);
            vm.expectRevert();
            vm.prank(stranger);
            pipe.execute("", calls);
        }
        assertEq(opg.balanceOf(address(pipe)), held);
    }

    function test_rule01_onlyPipeRunsTheExecutor() public {
        address executor = pipe.executor();
        vm.expectRevert(abi.encodeWithSelector(IPipeExecutor.NotPipe.selector, stranger));
        vm.prank(stranger);
        IPipeExecutor(executor).execute("", new Call[](0));
    }

    /// A forwarder appends the sender, and what is carried is then not found.
    function test_rule35_findsNothingBehindAForwarder() public {
        _expectFailure(
            user,
            address(consumer),
            abi.encodePacked(_carry(_ask(), _usual()), user),
            _missing(user, address(consumer), INPUT)
        );
    }

    function test_aConsumerThatCatchesTheRevertIsNotCharged() public {
        (bool success, ) = _send(user, address(consumer), abi.encodeCall(CarryingConsumer.tryAsk, (release, 0, INPUT)));
        assertTrue(success);
        assertEq(_spendable(user), 100 ether);
    }

    function _preload(address account, bytes memory results) private {
        vm.prank(account);
        pipe.preload(results);
    }

    function _second() private returns (ReleaseId second) {
        second = _publish(ROYALTY, MINIMUM_STAKE);
    }

    function _usualForAnotherDomain() private returns (bytes memory results) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("OPG Inference"),
                keccak256("1"),
                block.chainid,
                address(operators)
            )
        );
        InferenceResult memory result = _result(pipe.contextOf(user, address(consumer)), INPUT, abi.encode(ANSWER));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, result.structHash()));
        vm.chainId(31_337);
        results = _usual();
        bytes memory signature = _signDigest(operator.signerKey, digest);
        for (uint256 i; i < 65; ++i) results[results.length - 65 + i] = signature[i];
    }

    function _refusesSigner(bytes memory results) private {
        uint256 before = _spendable(user);
        (bool success, bytes memory data) = _send(user, address(consumer), _carry(_ask(), results));
        assertFalse(success);
        assertEq(bytes4(data), IPipe.OperatorNotActive.selector);
        assertEq(_spendable(user), before);
    }
}
