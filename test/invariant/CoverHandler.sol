// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cover, coverOf} from "../../contracts/types/Cover.sol";
import {InferenceResult} from "../../contracts/types/InferenceResult.sol";
import {CoverFixture} from "../unit/support/CoverFixture.sol";

/// One operator that insures lies and truths alike, is slashed for other things, takes stake out, and comes back.
contract CoverHandler is CoverFixture {
    InferenceResult[] private _results;
    bytes32[] private _keys;
    mapping(string act => uint256 times) public done;
    uint256 public clock;
    uint256 public paid;
    /// Acts after which more or less was left, beside what slashes put off, than they should leave.
    uint256 public misjudged;

    modifier acting(uint256 seed) {
        clock += seed % 9 == 0 ? seed % 2 days : seed % 3 hours;
        vm.warp(clock);
        _;
    }

    /// Each slash halves what earlier ones left, taken or put off; nothing else here changes it.
    modifier judging() {
        uint256 left = _stakeOf() - operators.deferredOf(operator.id);
        uint16 slashes = operators.slashCountOf(operator.id);
        _;
        for (; slashes < operators.slashCountOf(operator.id); ++slashes) left -= (left / GRAIN / 2) * GRAIN;
        if (_stakeOf() - operators.deferredOf(operator.id) != left) ++misjudged;
    }

    function setUp() public override {
        super.setUp();
        clock = block.timestamp;
    }

    function insure(uint256 seed) external acting(seed) {
        bytes memory input = abi.encode((seed >> 4) % 3);
        uint256 amount = (((seed >> 8) % 6000 ether) / GRAIN + 1) * GRAIN;
        if (seed % 3 != 0) amount = operators.coverableBy(operator.id, address(pipe));
        InferenceResult memory result = _resultOfNow(input, seed % 5 == 0 ? _right(input) : LIE, amount);
        Cover cover = coverOf(amount, insured);
        vm.prank(address(pipe));
        operators.insureResult(operator.signer, result.structHash(), cover, amount);
        _results.push(result);
        ++done["insure"];
    }

    function slash(uint256 seed) external acting(seed) judging {
        _slash(operator, seed);
        ++done["slash"];
    }

    function prove(uint256 seed) external acting(seed) judging {
        InferenceResult memory result = _results[seed % _results.length];
        bytes memory input = abi.encode(uint256(0));
        for (uint256 i; keccak256(input) != result.inputHash; ++i) input = abi.encode(i);
        _prove(result, input);
        ++done["prove"];
    }

    function claim(uint256 seed) external acting(seed) {
        _keys.push(disputes.claimCover(operator.id, address(pipe), _results[seed % _results.length]));
        ++done["claim"];
    }

    function payOut(uint256 seed) external acting(seed) judging {
        paid += operators.payCover(_keys[seed % _keys.length]);
        ++done["payOut"];
    }

    function unbond(uint256 seed) external acting(seed) {
        vm.prank(operator.owner);
        operators.unbond(operator.id, (((seed >> 8) % STAKE) / GRAIN + 1) * GRAIN);
        ++done["unbond"];
    }

    function setPercent(uint256 seed) external acting(seed) judging {
        _setAside(address(pipe), uint8(seed % 55));
        ++done["setPercent"];
    }

    function burnDeferred(uint256 seed) external acting(seed) judging {
        if (operators.deferredOf(operator.id) != 0) clock += (operators.coverPeriod() * 4) / 3;
        vm.warp(clock);
        operators.burnDeferred(operator.id);
        ++done["burnDeferred"];
    }

    /// Or thaws what is frozen.
    function freeze(uint256 seed) external acting(seed) judging {
        uint8 percent = operators.coverPercentOf(operator.id, address(pipe));
        vm.prank(operator.owner);
        try operators.freezeCoverer(operator.id, address(pipe)) {
            ++done["freeze"];
        } catch {
            _setAside(address(pipe), percent);
            ++done["thaw"];
        }
    }

    function comeBack(uint256 seed) external acting(seed) {
        if (_standing(operator).jailed) clock += JAIL_PERIOD;
        vm.warp(clock);
        _stake(operator, 20_000 ether);
        vm.prank(operator.owner);
        operators.leaveJail(operator.id);
        ++done["comeBack"];
    }

    function acts() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](10);
        selectors[0] = this.insure.selector;
        selectors[1] = this.slash.selector;
        selectors[2] = this.prove.selector;
        selectors[3] = this.claim.selector;
        selectors[4] = this.payOut.selector;
        selectors[5] = this.unbond.selector;
        selectors[6] = this.setPercent.selector;
        selectors[7] = this.comeBack.selector;
        selectors[8] = this.burnDeferred.selector;
        selectors[9] = this.freeze.selector;
    }

    function locked() external view returns (uint256) {
        return _locked();
    }

    function stakeLeft() external view returns (uint256) {
        return _stakeOf();
    }

    function deferred() external view returns (uint256) {
        return operators.deferredOf(operator.id);
    }

    function isJailed() external view returns (bool) {
        return _standing(operator).jailed;
    }

    /// OPG of `Operators`, and what it owes.
    function books() external view returns (uint256 held, uint256 owed) {
        held = opg.balanceOf(address(operators));
        owed = _stakeOf() + operators.unbondingOf(operator.id).amount + operators.unburned();
        owed += operators.awardOf(challenger);
        for (uint256 i; i < _keys.length; ++i) owed += operators.dueCoverOf(_keys[i]).amount;
    }

    function paidToTheInsured() external view returns (uint256) {
        return opg.balanceOf(insured);
    }
}
