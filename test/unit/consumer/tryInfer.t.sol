// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PipeConsumer} from "../../../contracts/consumer/PipeConsumer.sol";
import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {CODEC_TENSORS} from "../../../contracts/types/Codec.sol";
import {NO_COVER} from "../../../contracts/types/Cover.sol";
import {Item, PipeFixture} from "../Pipe/PipeFixture.sol";

/// Does as little as it can with the gas that is left to it: what a trader would have to starve.
contract FrugalConsumer is PipeConsumer {
    constructor(IPipe pipe) PipeConsumer(pipe) {}

    /// @return 1 with an answer, 2 without
    function tryAsk(InferenceQuery calldata query) external returns (uint256) {
        (bool answered, ) = _tryInfer(query);
        return answered ? 1 : 2;
    }
}

/// A pipe that fails as it is told to.
contract FailingPipe {
    bytes private _problem;

    constructor(bytes memory problem) {
        _problem = problem;
    }

    // solhint-disable-next-line payable-fallback
    fallback() external {
        bytes memory problem = _problem;
        assembly ("memory-safe") {
            revert(add(problem, 32), mload(problem))
        }
    }
}

contract TryInferTest is PipeFixture {
    uint256 private constant WITHOUT = 2;

    function test_fallsBackOnlyWhenNothingIsCarried() public {
        bytes memory callData = abi.encodeCall(CarryingConsumer.tryAsk, (release, 0, INPUT));
        (bool success, ) = _send(user, address(consumer), callData);
        assertTrue(success);
        assertEq(uint256(consumer.answers(0)), type(uint256).max);
        _expectFailure(user, address(consumer), _carry(callData, ""), _missing(user, address(consumer), INPUT));
        (success, ) = _send(user, address(consumer), _carry(callData, _usual()));
        assertTrue(success);
        assertEq(consumer.answers(0), ANSWER);
    }

    /// What is carried and does not hold is no reason to do without.
    function test_neverFallsBackFromAResultThatDoesNotHold() public {
        bytes memory callData = abi.encodeCall(CarryingConsumer.tryAsk, (release, 0, INPUT));
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].fee = 1 ether + GRAIN;
        _refused(callData, _bundle(user, address(consumer), items), IPipe.FeeAboveMaximum.selector);
        _refused(
            callData,
            _bundle(stranger, address(consumer), _item(INPUT, ANSWER)),
            IPipe.OperatorNotActive.selector
        );
        _refused(callData, "noise", IPipe.BundleMalformed.selector);
        _refused(callData, _bundle(user, address(0), _item("other", ANSWER)), IPipe.InferenceRequired.selector);
        vm.prank(user);
        pipe.drainBudget(address(consumer), 10 ether);
        _refused(callData, _usual(), IPipe.BudgetTooLow.selector);
        vm.prank(guardian);
        ITimedPause(address(pipe)).pause(1 hours);
        _refused(callData, _usual(), ITimedPause.NewWorkPaused.selector);
    }

    /// Nor is a loaded one that does not do: it costs too much, or another operator gave it.
    function test_neverFallsBackFromALoadedResultThatWillNotDo() public {
        FrugalConsumer frugal = new FrugalConsumer(pipe);
        _preload(user, _bundle(user, address(0), _item(INPUT, ANSWER)));
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        query.maxFee = FEE - GRAIN;
        _expectFailure(
            user,
            address(frugal),
            abi.encodeCall(FrugalConsumer.tryAsk, (query)),
            abi.encodeWithSelector(IPipe.FeeAboveMaximum.selector, FEE, FEE - GRAIN)
        );
        (query.maxFee, query.modes) = (FEE, 6);
        _expectFailure(
            user,
            address(frugal),
            abi.encodeCall(FrugalConsumer.tryAsk, (query)),
            abi.encodeWithSelector(IPipe.ModeNotAllowed.selector, 0, 6)
        );
    }

    /// A missing result of somebody else's, from deeper down, is not this contract's missing result.
    function testFuzz_fallsBackForItsOwnMissingResultAlone(
        address account,
        address asker,
        bytes calldata input
    ) public {
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        InferenceQuery memory other = consumer.queryOf(release, input);
        vm.assume(account != user || keccak256(input) != keccak256(INPUT));
        bytes memory problem = _missing(account, asker, other);
        FrugalConsumer frugal = new FrugalConsumer(IPipe(address(new FailingPipe(problem))));
        _expectFailure(user, address(frugal), abi.encodeCall(FrugalConsumer.tryAsk, (query)), problem);
    }

    function test_neverFallsBackWithoutAReason() public {
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        FrugalConsumer frugal = new FrugalConsumer(IPipe(address(new FailingPipe(""))));
        _expectFailure(user, address(frugal), abi.encodeCall(FrugalConsumer.tryAsk, (query)), "");
        bytes memory bare = abi.encodeWithSelector(IPipe.InferenceRequired.selector);
        frugal = new FrugalConsumer(IPipe(address(new FailingPipe(bare))));
        _expectFailure(user, address(frugal), abi.encodeCall(FrugalConsumer.tryAsk, (query)), bare);
    }

    /// Carried results that hold: no amount of gas leads to the fallback, be it enough for it or not.
    function test_noAmountOfGasReachesTheFallbackPastCarriedResults() public {
        FrugalConsumer frugal = _frugal();
        bytes memory callData = _carry(_tryAsk(), _bundle(user, address(frugal), _item(INPUT, ANSWER)));
        _sweep(frugal, callData, 3_000, 250_000, 500);
    }

    /// Most of the gas burns inside `Pipe`, so that the 64th that is kept back would do for the fallback.
    function test_noAmountOfGasReachesTheFallbackPastManyCarriedResults() public {
        FrugalConsumer frugal = _frugal();
        Item[] memory items = new Item[](64);
        for (uint256 i; i < 64; ++i) items[i] = _itemOf(abi.encode(i), new bytes(1024));
        items[63].input = INPUT;
        bytes memory callData = _carry(_tryAsk(), _bundle(user, address(frugal), items));
        _sweep(frugal, callData, 100_000, 8_000_000, 50_000);
    }

    /// Results that were loaded before, and calldata without a tail.
    function test_noAmountOfGasReachesTheFallbackPastLoadedResults() public {
        FrugalConsumer frugal = _frugal();
        _preload(user, _bundle(user, address(frugal), _item(INPUT, ANSWER)));
        _sweep(frugal, _tryAsk(), 3_000, 100_000, 200);
    }

    function test_noAmountOfGasReachesTheFallbackPastALongLoadedResult() public {
        FrugalConsumer frugal = _frugal();
        _preload(user, _bundle(user, address(frugal), _items(_itemOf(INPUT, new bytes(400_000)))));
        _sweep(frugal, _tryAsk(), 50_000, 6_000_000, 20_000);
    }

    /// With nothing carried, the fallback is what is meant; with too little gas the call fails, and never answers.
    function test_withNothingCarriedItFallsBackOrFails() public {
        FrugalConsumer frugal = _frugal();
        bool fell;
        for (uint256 limit = 3_000; limit < 100_000; limit += 200) {
            vm.prank(user);
            (bool success, bytes memory data) = address(frugal).call{gas: limit}(_tryAsk());
            if (success) assertEq(abi.decode(data, (uint256)), WITHOUT);
            assertTrue(success || !fell, "more gas, and it fails again");
            fell = success;
        }
        assertTrue(fell);
    }

    function _frugal() private returns (FrugalConsumer frugal) {
        frugal = new FrugalConsumer(pipe);
        _pay(user, 100 ether);
        vm.prank(user);
        pipe.fundBudget(address(frugal), 100 ether, 100 ether);
    }

    function _tryAsk() private view returns (bytes memory) {
        return
            abi.encodeCall(
                FrugalConsumer.tryAsk,
                (InferenceQuery(release, CODEC_TENSORS, NO_COVER, 1, 0, 1 ether, 0, INPUT))
            );
    }

    /// With every amount of gas the call fails, or it is answered; at the end it is answered.
    function _sweep(FrugalConsumer frugal, bytes memory callData, uint256 from, uint256 to, uint256 by) private {
        bool answered;
        for (uint256 limit = from; limit <= to; limit += by) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(user);
            (bool success, bytes memory data) = address(frugal).call{gas: limit}(callData);
            if (success) assertEq(abi.decode(data, (uint256)), 1, vm.toString(limit));
            else assertEq(data.length, 0, "out of gas has no reason");
            answered = success;
            vm.revertToState(snapshot);
        }
        assertTrue(answered);
    }

    function _refused(bytes memory callData, bytes memory results, bytes4 problem) private {
        _expectNothingCharged(user, address(consumer), _carry(callData, results), problem);
        assertEq(consumer.answers(0), 0);
    }
}
