// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {Acceptance, Fulfilment, RequestState} from "../../contracts/interfaces/IInferenceRequests.sol";
import {Contributor, ReleaseContent, ReleaseStatus} from "../../contracts/interfaces/IModelHub.sol";
import {Offence} from "../../contracts/interfaces/IOperators.sol";
import {ReleaseId} from "../../contracts/types/ReleaseId.sol";
import {Actor} from "../unit/support/NetworkFixture.sol";
import {Ticket} from "./Books.sol";
import {OperatorActs} from "./OperatorActs.sol";
import {RequestActs} from "./RequestActs.sol";

/// Deposits, withdrawals, claims, burns, gifts, governance, the hub, time, and trespasses that must fail.
abstract contract MoneyActs is OperatorActs, RequestActs {
    uint256 internal constant MAX_RELEASES = 4;

    /// Wei that somebody sent to a money contract without a word.
    mapping(address money => uint256 amount) internal gifts;
    address internal secondTreasury = makeAddr("second treasury");
    address internal heir = makeAddr("heir");
    address internal firstContributor = makeAddr("first contributor");
    address internal secondContributor = makeAddr("second contributor");

    function pass(uint256 seed) external acting {
        uint256 kind = _draw(seed, "kind", 0, 7);
        if (kind < 5) clock += _draw(seed, "seconds", 1, 15 minutes);
        else if (kind == 5) clock += _draw(seed, "seconds", 1 hours, 3 hours);
        else if (kind == 6) clock += _draw(seed, "seconds", 1 days, 2 days);
        else clock += _draw(seed, "seconds", 7 days, 8 days);
        _did("pass");
    }

    function deposit(uint256 seed) external acting {
        address account =
            _oneIn(3, seed, "signer")
                ? _anyActor(seed).signer
                : requesters[_draw(seed, "requester") % requesters.length];
        uint256 amount = _draw(seed, "amount", 1, 1 ether);
        _deposit(account, amount);
        balance[account] += int256(amount);
        _did("deposit");
    }

    function withdraw(uint256 seed) external acting {
        address account = accounts[_draw(seed, "account") % accounts.length];
        uint256 most = requests.balanceOf(account);
        if (most == 0) revert Idle();
        uint256 amount = _draw(seed, "amount", 1, most);
        vm.prank(account);
        requests.withdraw(account, amount);
        balance[account] -= int256(amount);
        wallet[account] += int256(amount);
        _did("withdraw");
    }

    function claim(uint256 seed) external acting {
        uint256 start = _draw(seed, "pot");
        for (uint256 i; i < actors.length * releases.length; ++i) {
            uint256 place = ((start % 1e9) + i) % (actors.length * releases.length);
            (uint32 operatorId, ReleaseId release_) = (
                actors[place % actors.length].id,
                releases[place / actors.length]
            );
            if (requests.earningsOf(operatorId, release_).matured == 0) continue;
            vm.prank(stranger);
            requests.claim(operatorId, release_, contributorsOf[release_]);
            _bookClaim(operatorId, release_);
            return _did("claim");
        }
        revert Idle();
    }

    function collectAward(uint256) external acting {
        vm.prank(stranger);
        operators.collectAward(challenger);
        wallet[challenger] += award[challenger];
        award[challenger] = 0;
        _did("collectAward");
    }

    function burn(uint256 seed) external acting {
        bool ofRequests = _oneIn(2, seed, "which");
        if ((ofRequests ? requests.unburned() : operators.unburned()) == 0) revert Idle();
        vm.prank(stranger);
        burned += ofRequests ? requests.burnForfeited() : operators.burnSlashed();
        _did(ofRequests ? "burnForfeited" : "burnSlashed");
    }

    function give(uint256 seed) external acting {
        address money = _oneIn(2, seed, "which") ? address(requests) : address(operators);
        uint256 amount = _draw(seed, "amount", 1, 1 ether);
        gifts[money] += amount;
        _fund(money, amount);
        _did("give");
    }

    function govern(uint256 seed) external acting {
        if (_oneIn(2, seed, "which")) {
            receiver = receiver == treasury ? secondTreasury : treasury;
            vm.prank(governor);
            requests.setTreasury(receiver);
            return _did("setTreasury");
        }
        (address from, address to) = (royaltyTo, royaltyTo == publisher ? heir : publisher);
        vm.prank(from);
        hub.offerOwnership(model, to);
        vm.prank(to);
        hub.acceptOwnership(model);
        royaltyTo = to;
        _did("moveModel");
    }

    /// Yanks the last release and publishes its successor.
    function replace(uint256 seed) external acting {
        if (releases.length == MAX_RELEASES || !_oneIn(3, seed, "really")) revert Idle();
        vm.prank(royaltyTo);
        hub.setStatus(releases[releases.length - 1], ReleaseStatus.Yanked);
        _publishShared(ROYALTY + _draw(seed, "royalty", 0, 999) * GRAIN);
        _did("replace");
    }

    /// What strangers may not do, and what nobody may do twice.
    function trespass(uint256 seed) external acting {
        Actor memory actor = _anyActor(seed);
        uint256 kind = _draw(seed, "kind", 0, 8);
        bytes memory call_;
        Offence offence = Offence.Equivocation;
        if (kind == 0) call_ = abi.encodeCall(operators.slash, (offence, actor.signer, stranger, stranger));
        if (kind == 1) call_ = abi.encodeCall(operators.withdrawUnbonded, (actor.id, stranger));
        if (kind == 2) call_ = abi.encodeCall(operators.unbond, (actor.id, GRAIN));
        if (kind == 3) call_ = abi.encodeCall(operators.revokeSigner, (actor.signer));
        if (kind < 4) return _mustFail("stranger, operators", stranger, address(operators), call_);
        if (kind == 4) {
            call_ = abi.encodeCall(requests.withdraw, (stranger, requests.balanceOf(actor.signer) + 1));
            return _mustFail("withdraw more", actor.signer, address(requests), call_);
        }
        if (kind == 5) {
            call_ = abi.encodeCall(IEscrow.setTreasury, (stranger));
            return _mustFail("stranger, treasury", stranger, address(requests), call_);
        }
        if (kind == 6) return _mustFail("same proof", stranger, address(disputes), lastProof);
        if (kind == 7) return _mustFail("same answers", stranger, address(requests), lastAnswers);
        _trespassRequest(seed);
    }

    function _trespassRequest(uint256 seed) private {
        uint256 kind = _draw(seed, "request", 0, 4);
        RequestState state = kind == 3 ? RequestState.Accepted : RequestState.Undelivered;
        if (kind < 3) state = RequestState.Open;
        (Ticket storage ticket, bool found) = _find(seed, state, kind == 4 ? _isAny : _isInTime);
        if (!found) revert Idle();
        bytes memory call_;
        if (kind == 0) call_ = abi.encodeCall(requests.cancel, (ticket.request));
        if (kind == 1) call_ = abi.encodeCall(requests.expire, (ticket.request, Acceptance(0, address(0))));
        if (kind == 2) {
            Fulfilment[] memory items = new Fulfilment[](1);
            items[0] = _answer(ticket.request, "mine");
            (, uint256 key) = makeAddrAndKey("stranger");
            call_ = abi.encodeCall(requests.fulfil, (items, _signAnswers(key, items, uint40(clock)), uint40(clock)));
        }
        if (kind == 3) call_ = abi.encodeCall(requests.expire, (ticket.request, ticket.acceptance));
        if (kind == 4) call_ = abi.encodeCall(requests.deliver, (ticket.request, "other", ticket.deliverableAt));
        _mustFail(string.concat("stranger, request ", vm.toString(kind)), stranger, address(requests), call_);
    }

    function _mustFail(string memory what, address caller, address target, bytes memory call_) private {
        if (call_.length == 0) revert Idle();
        vm.prank(caller);
        (bool success, ) = target.call(call_);
        _breach(success, 5, string.concat("a trespass came through: ", what));
        _did("trespass");
    }

    /// With contributors, whose shares do not divide evenly.
    function _publishShared(uint256 royalty) internal {
        ReleaseContent memory content = _content();
        content.contributors = new Contributor[](2);
        content.contributors[0] = Contributor(firstContributor, 3333);
        content.contributors[1] = Contributor(secondContributor, 1);
        vm.prank(royaltyTo);
        ReleaseId release_ = hub.publish(model, false, content, royalty, RELEASE_MIN_STAKE, VANILLA_ONLY, "", 0);
        releases.push(release_);
        contributorsOf[release_].push(content.contributors[0]);
        contributorsOf[release_].push(content.contributors[1]);
    }
}
