// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

contract PreloadTest is PipeFixture {
    function testFuzz_refusesAnyTruncation(uint256 length) public {
        bytes memory results = _three();
        length = bound(length, 1, results.length - 1);
        bytes memory cut = new bytes(length);
        for (uint256 i; i < length; ++i) cut[i] = results[i];
        assertEq(_refused(cut), IPipe.BundleMalformed.selector);
    }

    function testFuzz_refusesAnythingBehindABundle(bytes calldata more) public {
        vm.assume(more.length != 0 && more.length < 26);
        bytes memory results = bytes.concat(_three(), more);
        assertEq(_refused(results), IPipe.BundleMalformed.selector);
    }

    function testFuzz_refusesAnyOtherByte(uint256 place, uint8 change) public {
        bytes memory results = _three();
        place = bound(place, 0, results.length - 1);
        results[place] ^= bytes1(uint8(bound(change, 1, 255)));
        _refused(results);
    }

    function testFuzz_refusesNoise(bytes calldata noise) public {
        vm.assume(noise.length != 0);
        _refused(noise);
    }

    function test_refusesAnEmptyBundle() public {
        bytes memory results = abi.encodePacked(uint8(0), address(0), uint40(block.timestamp), new bytes(65));
        assertEq(_refused(results), IPipe.BundleMalformed.selector);
    }

    function test_loadsSeveralBundlesAndPaysForEachResultOnce() public {
        bytes memory results = bytes.concat(_three(), _three());
        vm.prank(user);
        pipe.preload(results);
        assertEq(money.balanceOf(user), 90 ether - 3 * FEE);
    }

    function test_loadsNothingFromNothing() public {
        vm.prank(user);
        pipe.preload("");
        assertEq(money.balanceOf(user), 90 ether);
    }

    function test_loadsAndPaysFromTheCallersBalance() public {
        bytes memory results = _three();
        vm.expectEmit(address(pipe));
        emit IPipe.ResultsLoaded(operator.signer, user, results);
        _preload(user, results);
        assertEq(money.balanceOf(user), 90 ether - 3 * FEE);
        assertEq(pipe.budgetOf(user, address(consumer)).balance, 10 ether, "the budget is for carried results");
        assertEq(money.earningsOf(operator.id, release).unripe, 3 * FEE);
    }

    /// A bundle may hold what is loaded already beside what is not; each costs once.
    function test_paysOnlyForWhatIsNotLoadedYet() public {
        Item[] memory items = new Item[](2);
        items[0] = _itemOf(abi.encode(uint256(0)), "already there");
        items[1] = _itemOf("fresh", abi.encode(ANSWER));
        _preload(user, _three());
        _preload(user, _bundle(user, address(consumer), items));
        assertEq(money.balanceOf(user), 90 ether - 4 * FEE);
        assertEq(money.earningsOf(operator.id, release).unripe, 4 * FEE);
    }

    function test_logsNothingWhereNothingIsLoaded() public {
        bytes memory results = _three();
        _preload(user, results);
        vm.recordLogs();
        _preload(user, results);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    /// The royalty of each release goes with its own results, however they alternate.
    function test_booksResultsOfSeveralReleases() public {
        ReleaseId second = _publish(2 * ROYALTY, RELEASE_MIN_STAKE);
        Item[] memory items = new Item[](5);
        for (uint256 i; i < 5; ++i) {
            items[i] = _itemOf(abi.encode(i), "output");
            if (i % 2 == 1) items[i].release = second;
        }
        _preload(user, _bundle(user, address(consumer), items));
        assertEq(money.balanceOf(user), 90 ether - 5 * FEE);
        assertEq(money.earningsOf(operator.id, release).unripe, 3 * FEE);
        assertEq(money.earningsOf(operator.id, second).unripe, 2 * FEE);
    }

    function test_revertsWhenTheBalanceIsTooLow() public {
        bytes memory results = _bundle(stranger, address(0), _item(INPUT, ANSWER));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BalanceTooLow.selector, stranger, 0, FEE));
        vm.prank(stranger);
        pipe.preload(results);
        assertEq(money.earningsOf(operator.id, release).unripe, 0);
    }

    function test_revertsWhenPaused() public {
        bytes memory results = _three();
        vm.prank(guardian);
        ITimedPause(address(pipe)).pause(1 hours);
        vm.expectRevert(abi.encodeWithSelector(ITimedPause.NewWorkPaused.selector, block.timestamp + 1 hours));
        vm.prank(user);
        pipe.preload(results);
    }

    /// A good bundle before a bad one is not kept.
    function test_revertsWholeWhenOneBundleIsBad() public {
        bytes memory bad = _bundle(stranger, address(consumer), _item(INPUT, ANSWER));
        _refused(bytes.concat(_three(), bad));
        assertEq(money.earningsOf(operator.id, release).unripe, 0);
        _expectFailure(user, address(consumer), _ask(), _missing(user, address(consumer), INPUT));
    }

    /// Each bundle is held to its own release and operator, whatever stood before it: here one that names no release,
    /// behind one that named a good one, and one of another operator that may not answer for the same release.
    function test_holdsEachBundleToItsOwnReleaseAndOperator() public {
        Actor memory poor = _onboard("poor operator", MINIMUM_STAKE);
        Item[] memory items = _item("x", ANSWER);
        bytes memory behind = _bundleBy(poor.signerKey, user, address(consumer), items);
        bytes memory results = bytes.concat(_three(), behind);
        vm.expectRevert(
            abi.encodeWithSelector(IPipe.ReleaseStakeTooLow.selector, release, MINIMUM_STAKE, RELEASE_MIN_STAKE)
        );
        _preload(user, results);
        items[0].release = ReleaseId.wrap(0);
        bytes[2] memory signed = [
            _bundleBy(poor.signerKey, user, address(consumer), items),
            _bundle(user, address(consumer), items)
        ];
        for (uint256 i; i < 2; ++i) {
            results = bytes.concat(_three(), signed[i]);
            vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseUnknown.selector, items[0].release));
            _preload(user, results);
        }
    }

    function test_revertsWhenTheReleaseIsUnknown() public {
        Item[] memory items = _item(INPUT, ANSWER);
        for (uint256 i; i < 2; ++i) {
            items[0].release = ReleaseId.wrap(bytes32(i));
            bytes memory results = _bundle(user, address(consumer), items);
            vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseUnknown.selector, items[0].release));
            _preload(user, results);
        }
    }

    function test_revertsWhenTheCodecIsUnknown() public {
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].codec = 2;
        bytes memory results = _bundle(user, address(consumer), items);
        vm.expectRevert(abi.encodeWithSelector(IPipe.CodecUnknown.selector, 2));
        _preload(user, results);
    }

    function _three() private view returns (bytes memory) {
        Item[] memory items = new Item[](3);
        for (uint256 i; i < 3; ++i) items[i] = _itemOf(abi.encode(i), abi.encode("output", i));
        return _bundle(user, address(consumer), items);
    }

    function _refused(bytes memory results) private returns (bytes4) {
        (bool success, bytes memory data) = _send(user, address(pipe), abi.encodeCall(IPipe.preload, (results)));
        assertFalse(success);
        assertEq(money.balanceOf(user), 90 ether);
        return bytes4(data);
    }
}
