// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Candidate} from "../../contracts/interfaces/ICoverage.sol";
import {Earnings} from "../../contracts/interfaces/IEscrow.sol";
import {LaneRecord, RequestState, RequestTerms} from "../../contracts/interfaces/IInferenceRequests.sol";
import {Standing} from "../../contracts/interfaces/IOperators.sol";
import {Mode} from "../../contracts/types/Mode.sol";
import {ReleaseId} from "../../contracts/types/ReleaseId.sol";
import {Request} from "../../contracts/types/Request.sol";
import {Acceptance, Fulfilment} from "../../contracts/interfaces/IInferenceRequests.sol";
import {Actor} from "../unit/support/NetworkFixture.sol";
import {HostileConsumer} from "./HostileConsumer.sol";
import {MoneyActs} from "./MoneyActs.sol";

/// The acts put together, and what the invariants read.
abstract contract ProtocolHandler is MoneyActs {
    /// The probe came to its end; all that it did is undone with it.
    error Probed();

    function setUp() public override {
        super.setUp();
        clock = block.timestamp;
        (receiver, royaltyTo) = (treasury, publisher);
        vm.recordLogs();
        releases.push(release);
        _publishShared(ROYALTY);
        for (uint256 i; i < 3; ++i) requesters.push(makeAddr(string.concat("requester ", vm.toString(i))));
        for (uint256 i; i < 3; ++i) requesters.push(address(new HostileConsumer(address(requests))));
        for (uint256 i; i < requesters.length; ++i) {
            _addAccount(requesters[i]);
            _addLanes(requesters[i]);
            _endow(requesters[i]);
        }
        address[8] memory others = [
            treasury,
            secondTreasury,
            publisher,
            heir,
            firstContributor,
            secondContributor,
            challenger,
            stranger
        ];
        for (uint256 i; i < others.length; ++i) _addAccount(others[i]);
        for (uint256 i; i < 4; ++i) {
            _join(STAKE - i * 13_000 ether);
            vm.prank(actors[i].owner);
            operators.setOffer(actors[i].id, releases[1], FEE, VANILLA_ONLY);
        }
        _absorb();
    }

    /// Acts that happen often stand here more than once.
    function acts() external pure returns (bytes4[] memory selectors) {
        bytes4[27] memory all = [
            this.ask.selector,
            this.accept.selector,
            this.fulfil.selector,
            this.deliver.selector,
            this.cancel.selector,
            this.reportNoShow.selector,
            this.expire.selector,
            this.misbehave.selector,
            this.join.selector,
            this.stake.selector,
            this.unbond.selector,
            this.withdrawUnbonded.selector,
            this.resize.selector,
            this.offer.selector,
            this.rotate.selector,
            this.revoke.selector,
            this.equivocate.selector,
            this.leaveJail.selector,
            this.retune.selector,
            this.pass.selector,
            this.deposit.selector,
            this.withdraw.selector,
            this.claim.selector,
            this.collectAward.selector,
            this.burn.selector,
            this.give.selector,
            this.govern.selector
        ];
        selectors = new bytes4[](all.length + 2);
        for (uint256 i; i < all.length; ++i) selectors[i] = all[i];
        selectors[all.length] = this.replace.selector;
        selectors[all.length + 1] = this.trespass.selector;
    }

    function now_() external view returns (uint256) {
        return clock;
    }

    // 1, 2

    function owedByRequests() external view returns (uint256 owed) {
        owed = requests.unburned();
        for (uint256 i; i < accounts.length; ++i) {
            owed += requests.accountOf(accounts[i]).balance + requests.accountOf(accounts[i]).reserved;
        }
        for (uint256 i; i < tickets.length; ++i) {
            RequestState state = tickets[i].state;
            if (state == RequestState.Open || state == RequestState.Accepted) owed += tickets[i].request.price.fee();
        }
        owed += _earnings();
    }

    function owedByOperators() external view returns (uint256 owed) {
        owed = operators.unburned();
        for (uint256 i; i < actors.length; ++i) {
            owed += operators.standingById(actors[i].id).stake * GRAIN + operators.unbondingOf(actors[i].id).amount;
        }
        for (uint256 i; i < accounts.length; ++i) owed += operators.awardOf(accounts[i]);
    }

    function held(bool byRequests) external view returns (uint256) {
        return opg.balanceOf(byRequests ? address(requests) : address(operators));
    }

    // 3

    function lanesAstray() external view returns (uint256 astray) {
        for (uint256 i; i < tickets.length; ++i) {
            LaneRecord memory lane = requests.laneOf(requesters[i / LANES], uint32(i % LANES));
            uint40 nonce = tickets[i].state == RequestState.None ? 0 : tickets[i].request.origin.nonce();
            if (lane.state != tickets[i].state || lane.nonce != nonce) ++astray;
        }
    }

    // 4

    function wronglyPaid() external view returns (uint256 wrong) {
        for (uint256 i; i < ids.length; ++i) {
            if (paymentsOf[ids[i]] != (wasFulfilled[ids[i]] ? 1 : 0)) ++wrong;
        }
    }

    /// What was earned by the model's reckoning, and what the contract has paid out of it or still keeps.
    function earned() external view returns (uint256 expected, uint256 actual) {
        return (paidGross, claimedGross + _earnings());
    }

    // 5

    function movedMoney() external view returns (uint256 moved) {
        for (uint256 i; i < accounts.length; ++i) {
            address account = accounts[i];
            if (int256(uint256(requests.accountOf(account).balance)) != balance[account]) ++moved;
            if (int256(uint256(requests.accountOf(account).reserved)) != bonds[account]) ++moved;
            if (int256(operators.awardOf(account)) != award[account]) ++moved;
            if (int256(opg.balanceOf(account)) != wallet[account]) ++moved;
        }
        for (uint256 i; i < actors.length; ++i) {
            uint32 id = actors[i].id;
            if (int256(operators.standingById(id).stake * GRAIN) != stakeOf[id]) ++moved;
            if (int256(uint256(operators.unbondingOf(id).amount)) != unbondingOf[id]) ++moved;
        }
    }

    // 6, 7

    /// Wei by which more went out than came in, gifts aside.
    function overpaid() external view returns (uint256) {
        return _overpaid(address(requests)) + _overpaid(address(operators));
    }

    function supplies() external view returns (uint256 actual, uint256 expected) {
        return (opg.totalSupply(), SUPPLY - burned);
    }

    // 8

    function unbacked() external view returns (uint256 count) {
        for (uint256 i; i < actors.length; ++i) {
            Standing memory standing = operators.standingById(actors[i].id);
            if (standing.slots * STAKE_PER_SLOT > standing.stake * GRAIN) ++count;
        }
        for (uint256 i; i < signers.length; ++i) {
            uint256 live;
            for (uint256 j; j < tickets.length; ++j) {
                if (tickets[j].acceptance.signer == signers[i]) ++live;
            }
            if (requests.accountOf(signers[i]).reservations != live) ++count;
        }
    }

    // 9

    /// Takes one candidate at its word, and reverts whatever comes of it: with `Probed` when all went well.
    function probe() external {
        vm.warp(clock);
        ReleaseId release_ = releases[step % 2 == 0 ? 0 : releases.length - 1];
        uint256 offset = _draw(step, "offset", 0, 2);
        (Candidate[] memory candidates, ) = coverage.coverage(release_, Mode.VANILLA, offset, actors.length);
        if (candidates.length == 0) revert Probed();
        Candidate memory candidate = candidates[step % candidates.length];
        Actor memory actor = Actor(candidate.operatorId, address(0), 0, candidate.signer, keyOf[candidate.signer]);

        _deposit(user, FEE);
        RequestTerms memory terms = _terms(0);
        terms.release = release_;
        Request memory opened = _open(user, terms, "probe");
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = _answer(opened, "output");
        if (candidate.acceptBudget >= FEE) {
            vm.prank(candidate.signer);
            requests.accept(opened);
            items[0].acceptance = Acceptance(uint40(clock) + 10 minutes, candidate.signer);
        }
        _fulfil(actor, items);
        _requireFulfilled(opened);
        revert Probed();
    }

    function _requireFulfilled(Request memory opened) private view {
        RequestState state = requests.stateOf(user, 0, opened.origin.nonce());
        require(state == RequestState.Fulfilled, "the candidate's answer did not count");
    }

    function _earnings() private view returns (uint256 sum) {
        for (uint256 i; i < actors.length; ++i) {
            for (uint256 j; j < releases.length; ++j) {
                Earnings memory earnings = requests.earningsOf(actors[i].id, releases[j]);
                sum += earnings.matured + earnings.unripe;
            }
        }
    }

    function _overpaid(address money) private view returns (uint256) {
        uint256 came = inflow[money] - gifts[money];
        return outflow[money] > came ? outflow[money] - came : 0;
    }
}
