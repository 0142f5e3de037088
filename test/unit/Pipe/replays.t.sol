// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PipeConsumer} from "../../../contracts/consumer/PipeConsumer.sol";
import {Fulfilment} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {IModelHub, ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {CODEC_TENSORS} from "../../../contracts/types/Codec.sol";
import {NO_COVER} from "../../../contracts/types/Cover.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {RequestId} from "../../../contracts/types/RequestId.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

/// Asks about a number that anybody can move.
contract MovingConsumer is PipeConsumer {
    ReleaseId private immutable _RELEASE;
    uint256 public state;

    constructor(IPipe pipe, ReleaseId release) PipeConsumer(pipe) {
        _RELEASE = release;
    }

    function move() external {
        ++state;
    }

    function ask() external returns (bytes memory) {
        return _infer(InferenceQuery(_RELEASE, CODEC_TENSORS, NO_COVER, 1, 0, 1 ether, 0, abi.encode(state)));
    }
}

/// Results that are signed and honest, brought where or when they do not belong.
contract PipeReplaysTest is PipeFixture {
    uint256 private constant OTHER_CHAIN = 999;

    function test_rule04_refusesAResultOfAnotherChain() public {
        uint256 here = block.chainid;
        vm.chainId(OTHER_CHAIN);
        bytes memory results = _usual();
        vm.chainId(here);
        _refusesSigner(results);
    }

    /// After a fork what was signed before counts on one side only.
    function test_rule04_refusesAResultFromBeforeAFork() public {
        bytes memory results = _usual();
        vm.chainId(OTHER_CHAIN);
        _refusesSigner(results);
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), _usual()));
        assertTrue(success);
    }

    function test_rule04_refusesAResultOfAnotherNetwork() public {
        IOperators here = operators;
        operators = _deployOperators(_numbers());
        bytes memory results = _usual();
        operators = here;
        _refusesSigner(results);
    }

    function test_rule05_refusesAResultForAnotherInput() public {
        bytes memory other = abi.encodeCall(CarryingConsumer.ask, (release, 0, "moved"));
        _expectFailure(user, address(consumer), _carry(other, _usual()), _missing(user, address(consumer), "moved"));
    }

    function test_rule05_refusesAResultOfAnotherRelease() public {
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].release = _publish(ROYALTY, MINIMUM_STAKE);
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
        // Loaded, it answers its own consumer alone.
        _preload(user, _usual());
        _expectFailure(user, address(other), _ask(), _missing(user, address(other), INPUT));
    }

    /// A result that names the right consumer, but is signed for the context of another.
    function test_rule05_refusesAConsumerThatWasNotSigned() public {
        CarryingConsumer other = _consumer(false);
        uint40 validUntil = uint40(block.timestamp) + MAX_VALIDITY;
        bytes32[3] memory contexts = [pipe.contextOf(user, address(other)), bytes32(0), keccak256("any")];
        for (uint256 i; i < 3; ++i) {
            _refusesSigner(
                _bundleOf(operator.signerKey, contexts[i], address(consumer), _item(INPUT, ANSWER), validUntil)
            );
        }
        // Nor does one that is bound to a consumer pass for one that is bound to nobody.
        bytes32 bound_ = pipe.contextOf(user, address(consumer));
        _refusesSigner(_bundleOf(operator.signerKey, bound_, address(0), _item(INPUT, ANSWER), validUntil));
    }

    function test_rule05_refusesAnotherPayersContext() public {
        bytes memory results = _usual();
        _pay(stranger, 1 ether);
        (bool success, bytes memory data) = _send(stranger, address(pipe), abi.encodeCall(IPipe.preload, (results)));
        assertFalse(success);
        assertEq(bytes4(data), IPipe.OperatorNotActive.selector);
        assertEq(money.balanceOf(stranger), 1 ether);
    }

    /// The answer to a request does not serve in a transaction, nor the other way round.
    function test_rule05_keepsRequestsAndTransactionsApart() public {
        Request memory opened = _openFunded(0);
        Item memory item = _itemOf(abi.encode("input", uint32(0)), "output");
        uint40 validUntil = uint40(block.timestamp) + MAX_VALIDITY;
        bytes32 id = RequestId.unwrap(requests.idOf(opened));
        bytes memory results = _bundleOf(operator.signerKey, id, address(consumer), _items(item), validUntil);
        bytes memory ask = abi.encodeCall(CarryingConsumer.ask, (release, 0, item.input));
        _expectNothingCharged(user, address(consumer), _carry(ask, results), IPipe.OperatorNotActive.selector);

        bytes32 leaf = _resultOf(pipe.contextOf(user, address(consumer)), item, validUntil).structHash();
        bytes memory signature = _signTyped(operator.signerKey, leaf);
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = _answer(opened, item.output);
        vm.expectRevert();
        requests.fulfil(items, signature, validUntil);
    }

    /// Whoever finds a result of no context may use it, for its own money.
    function test_rule05_aResultOfNoContextServesWhoeverPays() public {
        bytes memory results = _bundle(address(0), address(0), _item(INPUT, ANSWER));
        _preload(user, results);
        _expectFailure(stranger, address(consumer), _ask(), _missing(stranger, address(consumer), INPUT));
        _pay(stranger, 1 ether);
        _preload(stranger, results);
        (bool success, ) = _send(stranger, address(consumer), _ask());
        assertTrue(success);
        assertEq(money.balanceOf(stranger), 1 ether - FEE);
        assertEq(money.balanceOf(user), 90 ether - FEE);
    }

    function test_rule07_takesAResultUntilItsLastSecondAndNoLonger() public {
        uint40 validUntil = uint40(block.timestamp) + 1;
        bytes memory results = _bundleUntil(user, address(consumer), _item(INPUT, ANSWER), validUntil);
        uint256 snapshot = vm.snapshotState();
        vm.warp(validUntil);
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), results));
        assertTrue(success);
        vm.revertToState(snapshot);
        vm.warp(validUntil + 1);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.ResultNotValid.selector, validUntil, validUntil + 1 + MAX_VALIDITY)
        );
    }

    function test_rule07_refusesAResultThatIsValidForTooLong() public {
        uint40 late = uint40(block.timestamp) + MAX_VALIDITY + 1;
        bytes memory results = _bundleUntil(user, address(consumer), _item(INPUT, ANSWER), late);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.ResultNotValid.selector, late, late - 1)
        );
        vm.warp(block.timestamp + 1);
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), results));
        assertTrue(success);
    }

    function test_rule08_refusesARevokedSigner() public {
        bytes memory results = _usual();
        vm.prank(operator.owner);
        operators.revokeSigner(operator.signer);
        _refusesTheOperator(results);
    }

    function test_rule08_refusesARetiredSigner() public {
        bytes memory results = _usual();
        _rotate(operator, "next signer");
        _refusesTheOperator(results);
    }

    function test_rule22_refusesAnOperatorJailedAfterItSigned() public {
        bytes memory results = _usual();
        _slash(operator, 1);
        _refusesTheOperator(results);
    }

    function test_rule22_refusesAnOperatorBelowStakeAfterItSigned() public {
        bytes memory results = _usual();
        _unbond(STAKE - MINIMUM_STAKE);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.ReleaseStakeTooLow.selector, release, MINIMUM_STAKE, RELEASE_MIN_STAKE)
        );
    }

    /// What the network demands holds where a release demands less.
    function test_rule22_refusesAnOperatorBelowTheNetworksMinimum() public {
        ReleaseId modest = _publish(ROYALTY, 1 ether);
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].release = modest;
        bytes memory results = _bundle(user, address(consumer), items);
        _unbond(STAKE - MINIMUM_STAKE + GRAIN);
        _expectFailure(
            user,
            address(consumer),
            _carry(abi.encodeCall(CarryingConsumer.ask, (modest, 0, INPUT)), results),
            abi.encodeWithSelector(IPipe.ReleaseStakeTooLow.selector, modest, MINIMUM_STAKE - GRAIN, MINIMUM_STAKE)
        );
    }

    /// The query's own minimum, when the operator took stake out after it had answered.
    function test_rule22_refusesAnOperatorBelowTheQuerysMinimumAfterItSigned() public {
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        query.minStake = STAKE;
        bytes memory callData = _carry(abi.encodeCall(CarryingConsumer.askAny, (query)), _usual());
        _unbond(GRAIN);
        bytes memory problem = abi.encodeWithSelector(IPipe.StakeBelowMinimum.selector, STAKE - GRAIN, STAKE);
        _expectFailure(user, address(consumer), callData, problem);
    }

    function test_rule21_refusesAReleaseThatWasYankedMeanwhile() public {
        vm.prank(publisher);
        hub.setStatus(release, ReleaseStatus.Yanked);
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), _usual()));
        assertTrue(success, "a pinned release has seven days");
        vm.warp(block.timestamp + 8 days);
        bytes memory other = abi.encodeCall(CarryingConsumer.ask, (release, 0, "other"));
        bytes memory results = _bundle(user, address(consumer), _item("other", ANSWER));
        _expectNothingCharged(user, address(consumer), _carry(other, results), IModelHub.ReleaseYanked.selector);
    }

    /// State that moves between simulation and inclusion: a clean revert that says what is asked now.
    function test_chargesNothingWhenStateHasMoved() public {
        MovingConsumer moving = new MovingConsumer(pipe, release);
        vm.prank(user);
        pipe.fundBudget(address(moving), 1 ether, 1 ether);
        bytes memory ask = abi.encodeCall(MovingConsumer.ask, ());
        bytes memory results = _bundle(user, address(moving), _item(abi.encode(uint256(0)), ANSWER));
        moving.move();
        bytes memory problem = _missing(user, address(moving), abi.encode(uint256(1)));
        _expectFailure(user, address(moving), _carry(ask, results), problem);
        assertEq(pipe.budgetOf(user, address(moving)).balance, 1 ether);
        assertEq(money.earningsOf(operator.id, release).unripe, 0);

        results = _bundle(user, address(moving), _item(abi.encode(uint256(1)), ANSWER));
        (bool success, bytes memory data) = _send(user, address(moving), _carry(ask, results));
        assertTrue(success);
        assertEq(abi.decode(data, (bytes)), abi.encode(ANSWER));
    }

    function _unbond(uint256 amount) private {
        vm.prank(operator.owner);
        operators.unbond(operator.id, amount);
    }

    function _refusesTheOperator(bytes memory results) private {
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.OperatorNotActive.selector, operator.signer)
        );
        assertEq(money.earningsOf(operator.id, release).unripe, 0);
    }

    /// The signature is not the operator's over what is read here.
    function _refusesSigner(bytes memory results) private {
        uint256 before = _spendable(user);
        (bool success, bytes memory data) = _send(user, address(consumer), _carry(_ask(), results));
        assertFalse(success);
        assertEq(data.length, 36);
        assertEq(bytes4(data), IPipe.OperatorNotActive.selector);
        assertTrue(keccak256(data) != keccak256(abi.encodeWithSelector(bytes4(data), operator.signer)));
        assertEq(_spendable(user), before);
        assertEq(money.earningsOf(operator.id, release).unripe, 0);
    }
}
