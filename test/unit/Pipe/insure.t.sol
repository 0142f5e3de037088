// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICovers} from "../../../contracts/interfaces/ICovers.sol";
import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {NO_COVER, coverOf} from "../../../contracts/types/Cover.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {CoverFixture} from "../support/CoverFixture.sol";
import {Item} from "./PipeFixture.sol";

contract InsureTest is CoverFixture {
    function test_reservesThroughTheSignedResult() public {
        InferenceResult memory result = _resultOfNow("one", LIE, COVER);
        vm.expectEmit(address(pipe));
        emit IPipe.Insured(address(consumer), release, insured, COVER, "one");
        assertEq(_insure("one", LIE, COVER, coverOf(COVER, insured)), "");
        assertEq(operators.coverOf(operator.id, address(pipe), result.structHash()).amount, COVER);
        assertEq(operators.coverOf(operator.id, address(pipe), result.structHash()).beneficiary, insured);
    }

    function test_reservesThroughEachResultOfABundle() public {
        Item[] memory items = new Item[](3);
        InferenceResult[] memory results = new InferenceResult[](3);
        InferenceQuery[] memory queries = new InferenceQuery[](3);
        for (uint256 i; i < 3; ++i) {
            bytes memory input = abi.encode(i);
            items[i] = _insurable(input, LIE, COVER + i * GRAIN);
            results[i] = _resultOfNow(input, LIE, COVER + i * GRAIN);
            queries[i] = _insuredQuery(input, coverOf(COVER + i * GRAIN, insured));
        }
        bytes memory bundle = _bundle(user, address(consumer), items);
        _preload(user, bundle);
        for (uint256 i; i < 3; ++i) {
            (bool success, ) = _send(user, address(consumer), abi.encodeCall(CarryingConsumer.askAny, (queries[i])));
            assertTrue(success);
            assertEq(operators.coverOf(operator.id, address(pipe), results[i].structHash()).amount, COVER + i * GRAIN);
        }
    }

    function test_costsNothingWhereNoneIsAsked() public {
        assertEq(_insure("one", LIE, COVER, NO_COVER), "");
        assertEq(_locked(), 0);
    }

    function test_revertsWhenTheResultWasSignedWithoutCover() public {
        assertEq(
            _insure("one", LIE, 0, coverOf(COVER, insured)),
            abi.encodeWithSelector(ICovers.CoverAboveMaximum.selector, COVER, 0)
        );
    }

    function test_revertsWhenTheSameResultIsAskedForMoreThanWasSigned() public {
        assertEq(_insure("one", LIE, COVER, coverOf(COVER, insured)), "");
        assertEq(
            _insureAgain("one", coverOf(COVER, insured)),
            abi.encodeWithSelector(ICovers.CoverAboveMaximum.selector, 2 * COVER, COVER)
        );
    }

    function test_insuresTwiceWhatIsAskedTwice() public {
        InferenceResult memory result = _resultOfNow("one", LIE, 2 * COVER);
        assertEq(_insure("one", LIE, 2 * COVER, coverOf(COVER, insured)), "");
        assertEq(_insureAgain("one", coverOf(COVER, insured)), "");
        assertEq(operators.coverOf(operator.id, address(pipe), result.structHash()).amount, 2 * COVER);
    }

    function test_revertsWhenAResultIsToInsureTwoBeneficiaries() public {
        bytes32 resultHash = _resultOfNow("one", LIE, 2 * COVER).structHash();
        assertEq(_insure("one", LIE, 2 * COVER, coverOf(COVER, insured)), "");
        assertEq(
            _insureAgain("one", coverOf(COVER, user)),
            abi.encodeWithSelector(ICovers.CoverOfAnother.selector, resultHash, insured)
        );
    }

    function test_revertsWhenTheReleaseIsApproximate() public {
        release = approximate;
        assertEq(
            _insure("one", LIE, COVER, coverOf(COVER, insured)),
            abi.encodeWithSelector(IPipe.CoverNeedsExact.selector, approximate)
        );
    }

    function test_revertsWhenTheResultHasNoContext() public {
        Item[] memory items = _items(_insurable("one", LIE, COVER));
        bytes memory bundle = _bundle(user, address(0), items);
        vm.expectRevert(IPipe.CoverWithoutContext.selector);
        _preload(user, bundle);
        items[0].maxCover = 0;
        _preload(user, _bundle(user, address(0), items));
        assertEq(
            _insureAgain("one", coverOf(COVER, insured)),
            abi.encodeWithSelector(ICovers.CoverAboveMaximum.selector, COVER, 0)
        );
    }

    function test_revertsWhenTheExecutorIsTheBeneficiary() public {
        address executor = pipe.executor();
        assertEq(
            _insure("one", LIE, COVER, coverOf(COVER, executor)),
            abi.encodeWithSelector(ICovers.BeneficiaryUnusable.selector, executor)
        );
    }

    function test_revertsWhenAnUnpaidReadIsToBeInsured() public {
        vm.txGasPrice(0);
        InferenceQuery memory query = _insuredQuery("one", coverOf(COVER, insured));
        vm.expectRevert(IPipe.CoverWithoutContext.selector);
        pipe.read(query, "");
        vm.expectRevert(IPipe.CoverWithoutContext.selector);
        pipe.query(query);
    }

    function test_saysWhatIsMissingWithItsCover() public {
        InferenceQuery memory query = _insuredQuery("one", coverOf(COVER, insured));
        bytes memory callData = abi.encodeCall(CarryingConsumer.askAny, (query));
        _expectFailure(user, address(consumer), callData, _missing(user, address(consumer), query));
    }

    function test_minimumsCountWhatIsNotSetAside() public {
        InferenceQuery memory query = consumer.queryOf(release, "one");
        query.minStake = STAKE - SHARE + GRAIN;
        _expectFailure(
            user,
            address(consumer),
            _carry(
                abi.encodeCall(CarryingConsumer.askAny, (query)),
                _bundle(user, address(consumer), _items(_insurable("one", LIE, 0)))
            ),
            abi.encodeWithSelector(IPipe.StakeBelowMinimum.selector, STAKE - SHARE, STAKE - SHARE + GRAIN)
        );
    }

    function test_paysNothingWhenItCannotBeInsured() public {
        _setAside(address(pipe), 0);
        uint256 before = _spendable(user);
        assertEq(
            _insure("one", LIE, COVER, coverOf(COVER, insured)),
            abi.encodeWithSelector(ICovers.CovererNotAllowed.selector, operator.id, address(pipe))
        );
        assertEq(_spendable(user), before);
    }
}
