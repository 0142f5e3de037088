// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {HostileTarget} from "./HostileTarget.sol";
import {PipeActs} from "./PipeActs.sol";

// solhint-disable one-contract-per-file

/// The acts put together. Here, since the runner knows a target only by an artifact of the test file itself.
contract PipeHandler is PipeActs {
    function setUp() public override {
        super.setUp();
        (clock, height) = (block.timestamp, block.number);
        (receiver, royaltyTo) = (treasury, publisher);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IEscrow.setTreasury.selector;
        vm.prank(admin);
        authority.setTargetFunctionRole(address(pipe), selectors, GOVERNOR);
        hostile = new HostileTarget();
        _publishReleases();
        _addOperators();
        _addPayers();
        address[5] memory others = [treasury, publisher, stranger, address(hostile), challenger];
        for (uint256 i; i < others.length; ++i) _addAccount(others[i]);
    }

    /// Acts that happen often stand here more than once.
    function acts() external pure returns (bytes4[] memory selectors) {
        bytes4[20] memory all = [
            this.preload.selector,
            this.preload.selector,
            this.carry.selector,
            this.carry.selector,
            this.carry.selector,
            this.execute.selector,
            this.execute.selector,
            this.failLate.selector,
            this.deposit.selector,
            this.withdraw.selector,
            this.fund.selector,
            this.fund.selector,
            this.drain.selector,
            this.claim.selector,
            this.claim.selector,
            this.burn.selector,
            this.pass.selector,
            this.slash.selector,
            this.restore.selector,
            this.trespass.selector
        ];
        selectors = new bytes4[](all.length + 4);
        for (uint256 i; i < all.length; ++i) selectors[i] = all[i];
        selectors[all.length] = this.unbond.selector;
        selectors[all.length + 1] = this.rotate.selector;
        selectors[all.length + 2] = this.give.selector;
        selectors[all.length + 3] = this.govern.selector;
    }

    function _addOperators() private {
        actors.push(operator);
        for (uint256 i = 2; i <= 4; ++i) {
            actors.push(_onboard(string.concat("operator ", vm.toString(i)), STAKE - i * 10_000 ether));
        }
        for (uint256 i; i < actors.length; ++i) _addAccount(actors[i].owner);
    }

    /// Two consumers that charge their callers, and one that pays for them.
    function _addPayers() private {
        consumers.push(consumer);
        consumers.push(_consumer(false));
        consumers.push(_consumer(true));
        users.push(user);
        users.push(makeAddr("second user"));
        users.push(makeAddr("third user"));
        for (uint256 i; i < 3; ++i) {
            _addAccount(users[i]);
            _addAccount(address(consumers[i]));
        }
        balance[user] = 90 ether;
        budget[user][address(consumer)] = 10 ether;
        blockLimit[user][address(consumer)] = 10 ether;
        _pay(users[1], 5 ether);
        balance[users[1]] = 5 ether;
        _pay(address(consumers[2]), 20 ether);
        vm.prank(address(consumers[2]));
        pipe.fundBudget(address(consumers[2]), 20 ether, 0.4 ether);
        budget[address(consumers[2])][address(consumers[2])] = 20 ether;
        blockLimit[address(consumers[2])][address(consumers[2])] = 0.4 ether;
    }
}

/// One assertion for each invariant of PIPE in `README.md`.
contract PipeInvariantTest is Test {
    PipeHandler private _handler;

    function setUp() public {
        _handler = new PipeHandler();
        _handler.setUp();
        targetContract(address(_handler));
        targetSelector(FuzzSelector(address(_handler), _handler.acts()));
    }

    modifier now_() {
        (uint256 timestamp, uint256 height) = _handler.now_();
        vm.warp(timestamp);
        vm.roll(height);
        _;
    }

    function invariant_1_allThatIsOwedIsHeld() public now_ {
        (uint256 owed, uint256 held) = _handler.owedAndHeld();
        assertEq(held, owed);
    }

    function invariant_2_moneyMovesByItsOwnersActAlone() public view {
        string memory fault = _handler.movedMoney() == 0 ? _handler.faultOf(2) : "money moved";
        assertEq(fault, "");
    }

    function invariant_3_aResultIsChargedOnce() public now_ {
        (uint256 expected, uint256 actual) = _handler.earned();
        assertEq(actual, expected);
        assertEq(_handler.faultOf(3), "");
    }

    function invariant_4_noBlockTakesMoreThanItsLimit() public view {
        assertEq(_handler.faultOf(4), "");
    }

    function invariant_5_earningsMatureByTimeAlone() public now_ {
        assertEq(_handler.pocketsAstray(), 0);
    }

    function invariant_6_whatIsPaidForAnswersItsPayer() public view {
        assertEq(_handler.faultOf(6), "");
    }

    function invariant_7_theExecutorHoldsNothing() public view {
        assertEq(_handler.executorsHoldings(), 0);
    }

    /// The campaign reaches real work: one plain sequence, and each kind of act succeeded in it.
    function test_reachesEveryAct() public {
        bytes4[] memory acts = _handler.acts();
        for (uint256 i; i < 1500; ++i) {
            uint256 drawn = uint256(keccak256(abi.encode(i)));
            (bool success, ) = address(_handler).call(abi.encodeWithSelector(acts[drawn % acts.length], drawn));
            success;
        }
        string[24] memory kinds = _kinds();
        string memory missing;
        for (uint256 i; i < kinds.length; ++i) {
            emit log_named_uint(kinds[i], _handler.done(kinds[i]));
            if (_handler.done(kinds[i]) == 0) missing = string.concat(missing, kinds[i], "; ");
        }
        assertEq(missing, "");
        invariant_1_allThatIsOwedIsHeld();
        invariant_2_moneyMovesByItsOwnersActAlone();
        invariant_3_aResultIsChargedOnce();
        invariant_4_noBlockTakesMoreThanItsLimit();
        invariant_5_earningsMatureByTimeAlone();
        invariant_6_whatIsPaidForAnswersItsPayer();
        invariant_7_theExecutorHoldsNothing();
    }

    function _kinds() private pure returns (string[24] memory) {
        return
            [
                "preload",
                "preload, refused",
                "carry",
                "carry, refused",
                "pump",
                "pump, refused",
                "execute",
                "execute, refused",
                "failLate",
                "deposit",
                "withdraw",
                "fund",
                "drain",
                "claim",
                "burn",
                "give",
                "govern",
                "pass",
                "slash",
                "restore",
                "leaveJail",
                "unbond",
                "rotate",
                "trespass"
            ];
    }
}
